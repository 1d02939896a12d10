// Races:
// * The signal comes on any thread at any instruction: the handler writes one byte into a pipe that
//   never blocks, and leaves errno as it was. A full pipe holds interrupts enough.
// * A forked child has the handler and the pipe: its own SIGINT must not be told to the parent. The
//   handler compares process ids, puts back what was there before, and lets the signal come again.
// * The listener ends while a signal is on its way: the handler is put back first, so what comes later
//   is not ours; the pipe is leaked rather than closed under a handler that still runs.
#include "platform/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "platform/error.h"
#include "platform/posix/child_end.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/interrupt_source.h"
#include "platform/posix/stdio_buffers.h"

namespace progeny::platform {
namespace {

constexpr char kByTerminal = 't';
constexpr char kByProcess = 'p';

std::atomic<bool> listening{false};
std::atomic<int> pipe_end{-1};
std::atomic<pid_t> listener{0};
struct sigaction handler_before;  // set while nobody listens

void OnInterrupt(int signal, siginfo_t* info, void*) {
  const int kept = errno;
  if (getpid() != listener.load()) {
    sigaction(signal, &handler_before, nullptr);
    raise(signal);  // comes when this handler returns
  } else {
    const char who = SentByTerminal(*info) ? kByTerminal : kByProcess;
    [[maybe_unused]] const ssize_t written = write(pipe_end.load(), &who, 1);
  }
  errno = kept;
}

// Made once, and kept: a handler that still runs may write to it.
absl::StatusOr<Handle> MakePipe() {
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  for (const Handle* end : {&ends->read, &ends->write}) {
    if (fcntl(static_cast<int>(end->get()), F_SETFL, O_NONBLOCK) != 0) {
      return LastOsError("make a pipe for interrupts", "");
    }
  }
  const int old = pipe_end.exchange(static_cast<int>(ends->write.Release()));
  if (old >= 0) close(old);
  return std::move(ends->read);
}

absl::Status Listen() {
  if (sigaction(SIGINT, nullptr, &handler_before) != 0) return LastOsError("look at SIGINT", "");
  if ((handler_before.sa_flags & SA_SIGINFO) == 0 && handler_before.sa_handler == SIG_IGN) return absl::OkStatus();
  struct sigaction action {};
  action.sa_sigaction = &OnInterrupt;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, nullptr) != 0) return LastOsError("listen for SIGINT", "");
  return absl::OkStatus();
}

// Not if somebody else has replaced our handler meanwhile.
void StopListening() {
  struct sigaction now {};
  if (sigaction(SIGINT, nullptr, &now) != 0) return;
  if ((now.sa_flags & SA_SIGINFO) == 0 || now.sa_sigaction != &OnInterrupt) return;
  sigaction(SIGINT, &handler_before, nullptr);
}

}  // namespace

absl::StatusOr<InterruptListener> InterruptListener::Begin() {
  // A copy in a forked child is its parent's.
  if (listening.load() && listener.load() == getpid()) {
    return absl::FailedPreconditionError("listen for interrupts: somebody in this process does already");
  }
  absl::StatusOr<Handle> ready = MakePipe();
  if (!ready.ok()) return ready.status();
  listener.store(getpid());
  if (absl::Status began = Listen(); !began.ok()) return began;
  listening.store(true);
  return InterruptListener(*std::move(ready));
}

InterruptListener::~InterruptListener() { End(); }

void InterruptListener::End() {
  if (!ready_.valid() || listener.load() != getpid() || !listening.exchange(false)) return;
  StopListening();
}

std::optional<Told> InterruptListener::Take() {
  std::optional<Told> told;
  char who = 0;
  while (read(static_cast<int>(ready_.get()), &who, 1) == 1) {
    // If somebody was told by the terminal, nobody must be told a second time.
    if (!told || who == kByTerminal) told = who == kByTerminal ? Told::kWholeTerminal : Told::kThisProcess;
  }
  return told;
}

bool SharesTerminal(ProcessId process) { return getpgid(static_cast<pid_t>(process)) == getpgrp(); }

void EndInterrupted() {
  FlushBeforeFork();
  EndForkedChild(kInterruptedProgramExitCode);
}

}  // namespace progeny::platform
