// By a kqueue with EVFILT_PROC, as macOS has no process handles. The queue is the sentinel: it is
// pollable, and as its event is left in it, it stays ready.
//
// Races:
// * The child ends before it is watched: registering says ESRCH as soon as the child is on its way
//   out. Nothing will be told then, so an event of our own makes the queue ready; also when the
//   child is found dead right after registering.
// * The end is told before the child is a zombie: waitpid(WNOHANG) says "running" for a moment. It
//   is asked again, not asked to block: where SIGCHLD is ignored, a blocking one may sleep until
//   some other child ends.
// * Foreign code reaps first (waitpid(-1), SIGCHLD ignored): waitpid says ECHILD. The event carries
//   the wait status (NOTE_EXITSTATUS); taking it empties the queue, which our own event then fills.
//   If the child was gone before it was watched, the status is unknown.
// * A debugger is attached to the child, which makes it the debugger's child for the time being:
//   waitpid says ECHILD of a running child too, so the queue is asked before that is believed.
// * A signal races with the end: while the queue is silent the child is not a zombie yet, so its id
//   is not free for anybody else. Our own reaping is kept out by the caller's lock.
// * A forked child of this process: queues are not inherited, their numbers are free there for
//   anything else. So only the process that made a watch uses and closes it.
#include "platform/posix/child_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/event.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {
namespace {

constexpr int kZombieAttempts = 1000;  // a second

bool IsReady(int queue) {
  pollfd end{queue, POLLIN, 0};
  return poll(&end, 1, 0) > 0;
}

bool IsZombie(pid_t pid) {
  siginfo_t info{};
  const int found = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
  return found == 0 && info.si_pid != 0;
}

int WatchExit(int queue, pid_t pid) {
  struct kevent change;
  EV_SET(&change, static_cast<uintptr_t>(pid), EVFILT_PROC, EV_ADD,
         NOTE_EXIT | static_cast<uint32_t>(NOTE_EXITSTATUS), 0, nullptr);
  return kevent(queue, &change, 1, nullptr, 0, nullptr);
}

int MakeReady(int queue) {
  struct kevent changes[2];
  EV_SET(&changes[0], 0, EVFILT_USER, EV_ADD, NOTE_FFNOP, 0, nullptr);
  EV_SET(&changes[1], 0, EVFILT_USER, 0, NOTE_TRIGGER, 0, nullptr);
  return kevent(queue, changes, 2, nullptr, 0, nullptr);
}

// The wait status that came with the end, of a child that another has reaped.
ExitInfo StatusInQueue(int queue) {
  struct kevent events[2];
  const timespec at_once{};
  const int count = kevent(queue, nullptr, 0, events, 2, &at_once);
  ExitInfo info;
  for (int i = 0; i < count; ++i) {
    const bool told = events[i].filter == EVFILT_PROC &&
                      (events[i].fflags & static_cast<uint32_t>(NOTE_EXITSTATUS)) != 0;
    if (told) info = FromWaitStatus(static_cast<int>(events[i].data));
  }
  MakeReady(queue);
  return info;
}

}  // namespace

PeakMemory PeakOf(const rusage& usage) { return {int64_t{usage.ru_maxrss}}; }
int64_t PeakTakenOver() { return 0; }

absl::StatusOr<ExitPipe> PrepareExitPipe() {
  absl::StatusOr<Handle> queue = AboveStandardStreams(kqueue(), "watch a child");
  if (!queue.ok()) return queue.status();
  fcntl(static_cast<int>(queue->get()), F_SETFD, FD_CLOEXEC);
  return ExitPipe{*std::move(queue), {}, {}, {}};
}

absl::StatusOr<ChildWatch> ChildWatch::Begin(pid_t pid, ExitPipe exit_pipe) {
  ChildWatch watch(pid, std::move(exit_pipe.read),
                   exit_pipe.server != nullptr ? Kind::kServer : Kind::kQueue);
  watch.maker_ = getpid();
  watch.server_ = std::move(exit_pipe.server);
  if (watch.kind_ == Kind::kServer) return watch;
  const int fd = watch.sentinel();
  const bool watched = WatchExit(fd, pid) == 0;
  if (!watched && errno != ESRCH) return LastOsError("watch a child", "");
  if ((!watched || IsZombie(pid)) && MakeReady(fd) != 0) return LastOsError("watch a child", "");
  return watch;
}

ChildWatch::~ChildWatch() {
  if (kind_ == Kind::kQueue && maker_ != getpid()) (void)sentinel_.Release();
}

std::optional<ExitInfo> ChildWatch::Reap() {
  if (kind_ == Kind::kServer) return ReapFromServer(sentinel());
  if (maker_ != getpid()) return ExitInfo{};
  const bool ended = IsReady(sentinel());
  for (int attempt = 0; attempt < kZombieAttempts; ++attempt) {
    const std::optional<ExitInfo> info = ReapById(pid_);
    if (info && info->kind != ExitInfo::Kind::kUnknown) return info;
    if (info && IsReady(sentinel())) return StatusInQueue(sentinel());
    if (info || !ended) return std::nullopt;
    if (attempt > 2) Nap();
  }
  return std::nullopt;
}

std::optional<ExitInfo> ChildWatch::AwaitAndReap() { return std::nullopt; }

int ChildWatch::Signal(int signal) {
  if (kind_ == Kind::kServer) return SignalThroughServer(*server_, pid_, sentinel(), signal);
  if (maker_ == getpid() && !IsReady(sentinel())) return kill(pid_, signal);
  errno = ESRCH;
  return -1;
}

}  // namespace progeny::platform
