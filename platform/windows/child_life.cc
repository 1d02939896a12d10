#include "platform/windows/child_life.h"

#include <process.h>
#include <signal.h>
#include <stdlib.h>

#include <utility>

#include "platform/error.h"
#include "platform/windows/crash_record.h"
#include "platform/windows/exit_code.h"
#include "platform/windows/slot_words.h"
#include "platform/windows/stop_word.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

// The exit code with which newer C runtimes answer abort(); the one that MinGW programs use says 3.
constexpr UINT kFailFast = 0xC0000409;

void EndAsAborted(int) {
  TellAbort();
  TerminateProcess(GetCurrentProcess(), kFailFast);
}

// Looking at a signal's handler means replacing it for a moment; a Ctrl-C from a console in that
// very moment would find the default.
void OnInterrupt() {
  const auto handler = signal(SIGINT, SIG_DFL);
  if (handler == SIG_DFL) TerminateProcess(GetCurrentProcess(), kInterruptedExitCode);
  if (handler == SIG_ERR) return;
  signal(SIGINT, handler);
  if (handler != SIG_IGN) raise(SIGINT);
}

// Lives as long as the process.
struct Ear {
  HANDLE event;
  std::byte* slot_head;
};

unsigned __stdcall Listen(void* argument) {
  const Ear& ear = *static_cast<const Ear*>(argument);
  uint32_t heard = 0;
  while (WaitForSingleObject(ear.event, INFINITE) == WAIT_OBJECT_0) {
    // Interrupts that come together are one, like signals.
    const uint32_t sent = ear.slot_head != nullptr ? SlotWordsOf(ear.slot_head).interrupts.load() : heard + 1;
    WakeStopWaitersHere();
    if (std::exchange(heard, sent) != sent) OnInterrupt();
  }
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
absl::Status ListenForInterrupts(Handle event, std::byte* slot_head) {
  static Ear ear;  // a hand-over is taken once
  ear = {ToHandle(event.get()), slot_head};
  const uintptr_t thread = _beginthreadex(nullptr, 0, &Listen, &ear, 0, nullptr);
  if (thread == 0) return LastOsError("listen for the parent's interrupt", "");
  CloseNativeHandle(static_cast<NativeHandle>(thread));
  event.Release();
  return absl::OkStatus();
}

}  // namespace progeny::platform
