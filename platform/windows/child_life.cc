#include "platform/windows/child_life.h"

#include <process.h>
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
void OnInterrupt() {
  const auto handler = signal(SIGINT, SIG_DFL);
  if (handler == SIG_DFL) TerminateProcess(GetCurrentProcess(), kInterruptedExitCode);
  if (handler == SIG_ERR) return;
  signal(SIGINT, handler);
  if (handler != SIG_IGN) raise(SIGINT);
}

unsigned __stdcall Listen(void* event) {
  while (WaitForSingleObject(event, INFINITE) == WAIT_OBJECT_0) OnInterrupt();
  return 0;
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

// A thread of our own: the system's thread pool costs five times as much to wake up (Wine), for a
// child that nobody may ever interrupt.
absl::Status ListenForInterrupts(Handle event) {
  const uintptr_t thread = _beginthreadex(nullptr, 0, &Listen, ToHandle(event.get()), 0, nullptr);
  if (thread == 0) return LastOsError("listen for the parent's interrupt", "");
  CloseNativeHandle(static_cast<NativeHandle>(thread));
  event.Release();
  return absl::OkStatus();
}

}  // namespace progeny::platform
