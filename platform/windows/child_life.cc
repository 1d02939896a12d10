#include "platform/windows/child_life.h"

#include <signal.h>
#include <stdlib.h>

#include "platform/error.h"
#include "platform/windows/exit_code.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

// The exit code with which newer C runtimes answer abort(); the one that MinGW programs use says 3.
constexpr UINT kFailFast = 0xC0000409;

void EndAsAborted(int) { TerminateProcess(GetCurrentProcess(), kFailFast); }

// Looking at a signal's handler means replacing it for a moment; a Ctrl-C from a console in that
// very moment would find the default.
void CALLBACK OnInterrupt(void*, BOOLEAN) {
  const auto handler = signal(SIGINT, SIG_DFL);
  if (handler == SIG_DFL) TerminateProcess(GetCurrentProcess(), kInterruptedExitCode);
  if (handler == SIG_ERR) return;
  signal(SIGINT, handler);
  if (handler != SIG_IGN) raise(SIGINT);
}

}  // namespace

void CrashWithoutDialogs() {
  SetErrorMode(SetErrorMode(0) | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX |
               SEM_NOOPENFILEERRORBOX);
  _set_error_mode(_OUT_TO_STDERR);  // what assert() and abort() have to say
  // A handler that the program has installed before its guard stays.
  const auto handler = signal(SIGABRT, &EndAsAborted);
  if (handler != SIG_DFL && handler != SIG_ERR) signal(SIGABRT, handler);
}

absl::Status ListenForInterrupts(Handle event) {
  HANDLE wait = nullptr;
  if (!RegisterWaitForSingleObject(&wait, ToHandle(event.get()), &OnInterrupt, nullptr, INFINITE,
                                   WT_EXECUTELONGFUNCTION)) {
    return LastOsError("listen for the parent's interrupt", "");
  }
  event.Release();
  return absl::OkStatus();
}

}  // namespace progeny::platform
