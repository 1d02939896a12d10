// The lifeline on macOS: one thread in each child waits for its parent's end and then kills.
//
// macOS has neither PR_SET_PDEATHSIG nor a signal at the end of a pipe. The thread waits in a kqueue
// for two things at once: the end of file of the parent's pipe, and the exit of the parent by its
// id. Each covers the other's weakness:
// * The pipe's write end can be caught by a program that another thread of the parent starts between
//   pipe() and the close-on-exec flag (there is no pipe2): then no end of file comes while that
//   program runs, but the parent's exit does.
// * The parent may have died before the child looks, and its id may name another process by then:
//   the pipe is at its end.
//
// Races and traps:
// * The thread is made in the child, after fork: a parent's thread would not exist there. A re-
//   executed child makes it in its guard; until then it isn't bound, nor after an exec of its own.
// * Detach before the child is bound: it looks at the slot's word when the parent's end is told.
// * A child that closes all its descriptors closes the queue and the pipe as well: the thread then
//   asks at intervals whether the parent is still the one it had.
// * Signals of the program must not run on this thread: all are blocked in it.
#include "platform/posix/lifeline.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include "platform/error.h"
#include "platform/launch.h"
#include "platform/macos/lifeline_thread.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/fork_lock.h"
#include "platform/posix/own_state.h"

namespace progeny::platform {
namespace {

constexpr int kParentGoneExitCode = 137;  // as a shell tells SIGKILL
constexpr int kCannotBindExitCode = 127;
constexpr pid_t kFirstProcess = 1;        // who adopts orphans; never a parent of ours
constexpr size_t kStackBytes = 64 << 10;

// Under ForkLock().
PipeEnds& Lifeline() {
  static PipeEnds& lifeline = *new PipeEnds;
  return lifeline;
}

enum class Heard { kParentGone, kNothing };

// kNothing: neither can be watched (any more).
Heard AwaitParentsEnd(int reader, pid_t parent) {
  const absl::StatusOr<Handle> queue = AboveStandardStreams(kqueue(), "watch the parent");
  if (!queue.ok()) return Heard::kNothing;
  const int fd = static_cast<int>(queue->get());
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  struct kevent changes[2];
  struct kevent answers[2];
  EV_SET(&changes[0], static_cast<uintptr_t>(reader), EVFILT_READ, EV_ADD | EV_CLEAR | EV_RECEIPT,
         0, 0, nullptr);
  EV_SET(&changes[1], static_cast<uintptr_t>(parent), EVFILT_PROC, EV_ADD | EV_RECEIPT, NOTE_EXIT,
         0, nullptr);
  // A receipt each: one that can't be watched leaves the other.
  if (kevent(fd, changes, 2, answers, 2, nullptr) != 2) return Heard::kNothing;
  if (answers[1].data == ESRCH) return Heard::kParentGone;
  if (answers[0].data != 0 && answers[1].data != 0) return Heard::kNothing;
  while (true) {
    struct kevent event;
    const int count = kevent(fd, nullptr, 0, &event, 1, nullptr);
    if (count < 0 && errno != EINTR) return Heard::kNothing;
    if (count > 0 && (event.filter == EVFILT_PROC || (event.flags & EV_EOF) != 0)) {
      return Heard::kParentGone;
    }
  }
}

void* WatchParent(void*) {
  pthread_setname_np(kLifelineThread);
  const pid_t parent = static_cast<pid_t>(own.slot->parent.load());
  if (AwaitParentsEnd(own.lifeline, parent) == Heard::kNothing) {
    const timespec interval{0, 100'000'000};
    while (getppid() != kFirstProcess) nanosleep(&interval, nullptr);
  }
  if (own.slot->detached.load(std::memory_order_acquire) == 0) {
    kill(getpid(), SIGKILL);
    _exit(kParentGoneExitCode);
  }
  return nullptr;
}

bool StartWatching() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, &WatchParent, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

}  // namespace

absl::StatusOr<LifelineReader> OpenLifeline() {
  std::unique_lock<std::mutex> lock(ForkLock());
  if (!Lifeline().read.valid()) {
    lock.unlock();  // CreatePipe takes it
    absl::StatusOr<PipeEnds> ends = CreatePipe();
    if (!ends.ok()) return ends.status();
    lock.lock();
    if (!Lifeline().read.valid()) Lifeline() = *std::move(ends);  // else another thread was first
  }
  absl::StatusOr<Handle> reader = DuplicateNativeHandle(Lifeline().read.get());
  if (!reader.ok()) return reader.status();
  return LifelineReader{*std::move(reader), static_cast<int>(Lifeline().write.get())};
}

// Nothing binds a process from outside here: a re-executed child binds itself in its guard.
void BindChild(const Handle&, pid_t) {}

void BindSelf(int reader, SlotWords& words) {
  own.lifeline = reader;
  own.slot = &words;
  own.id = getpid();
  if (words.detached.load(std::memory_order_acquire) != 0) return;
  pollfd end{reader, POLLIN, 0};
  if (poll(&end, 1, 0) != 0 || getppid() == kFirstProcess) {
    if (words.detached.load(std::memory_order_acquire) == 0) _exit(kParentGoneExitCode);
    return;
  }
  // A child that can't be bound would outlive its parent, and nobody is left to be told.
  if (!StartWatching()) _exit(kCannotBindExitCode);
}

void Unbind(const Handle&, SlotWords& words) {
  words.detached.store(1, std::memory_order_release);
}

NativeHandle ParentSentinel() { return own.lifeline.load(); }

// The parent's pipe is not this process's: close the write end, so that siblings see its end of
// file, and make a new one when this process starts children of its own.
void ForgetLifelineInChild() { Lifeline() = PipeEnds(); }

}  // namespace progeny::platform
