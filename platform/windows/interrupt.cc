// Both ways end in one event: the console's handler, which the system runs on a thread of its own, and
// the SIGINT handler, which the child's listening thread runs for Process::Interrupt (child_life.cc).
// The console's is asked first, as it is registered last, and the C runtime's is then not.
#include "platform/interrupt.h"

#include <process.h>
#include <signal.h>
#include <stdio.h>

#include <atomic>

#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr DWORD kFlushTimeMs = 1000;

std::atomic<bool> listening{false};
std::atomic<HANDLE> event{nullptr};       // kept for ever: a handler may still run
std::atomic<bool> by_console{false};
std::atomic<bool> by_process{false};
void (*handler_before)(int) = SIG_DFL;

BOOL WINAPI OnConsole(DWORD kind) {
  if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT) return FALSE;
  by_console.store(true);
  SetEvent(event.load());
  return TRUE;
}

void OnSignal(int) {
  signal(SIGINT, &OnSignal);  // the C runtime has put back the default
  by_process.store(true);
  SetEvent(event.load());
}

unsigned __stdcall FlushStreams(void*) {
  fflush(stdout);
  fflush(stderr);
  return 0;
}

}  // namespace

absl::StatusOr<InterruptListener> InterruptListener::Begin() {
  if (listening.exchange(true)) {
    return absl::FailedPreconditionError("listen for interrupts: somebody in this process does already");
  }
  if (event.load() == nullptr) event.store(CreateEventW(nullptr, TRUE, FALSE, nullptr));
  HANDLE own = nullptr;
  if (event.load() == nullptr ||
      !DuplicateHandle(GetCurrentProcess(), event.load(), GetCurrentProcess(), &own, 0, FALSE,
                       DUPLICATE_SAME_ACCESS)) {
    const absl::Status status = LastOsError("create an event for interrupts", "");
    listening.store(false);
    return status;
  }
  handler_before = signal(SIGINT, &OnSignal);
  if (handler_before == SIG_IGN) signal(SIGINT, SIG_IGN);
  SetConsoleCtrlHandler(&OnConsole, TRUE);
  return InterruptListener(Handle(FromHandle(own)));
}

InterruptListener::~InterruptListener() { End(); }

void InterruptListener::End() {
  if (!ready_.valid() || !listening.load()) return;
  SetConsoleCtrlHandler(&OnConsole, FALSE);
  if (handler_before != SIG_ERR) signal(SIGINT, handler_before);
  listening.store(false);
}

std::optional<Told> InterruptListener::Take() {
  ResetEvent(ToHandle(ready_.get()));
  const bool process = by_process.exchange(false);
  if (by_console.exchange(false)) return Told::kWholeTerminal;
  if (process) return Told::kThisProcess;
  return std::nullopt;
}

// Children have their parent's console, and are in its process group.
bool SharesTerminal(ProcessId) { return true; }

// Another thread may hold a stream's lock for ever, and ExitProcess waits for locks too.
void EndInterrupted() {
  const uintptr_t flushing = _beginthreadex(nullptr, 0, &FlushStreams, nullptr, 0, nullptr);
  if (flushing != 0) WaitForSingleObject(reinterpret_cast<HANDLE>(flushing), kFlushTimeMs);
  TerminateProcess(GetCurrentProcess(), kInterruptedProgramExitCode);
  for (;;) Sleep(INFINITE);  // it is asynchronous
}

}  // namespace progeny::platform
