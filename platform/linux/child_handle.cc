// Waiting for a child and ending it, by pidfd; by a pipe that only the child holds where there are
// no pidfds.
//
// Races:
// * Foreign code reaps first (waitpid(-1), SIGCHLD ignored): waitid says ECHILD; then PIDFD_GET_INFO
//   knows the status (6.15), maybe a moment later, as the thief is between the child's exit and
//   its reaping. Else the status is unknown.
// * Two threads wait: both poll, one reaps under the lock, the other finds the status kept.
// * A signal races with the reaping: pidfd_send_signal says ESRCH and never meets a recycled pid.
//   Without pidfds, signal and reaping exclude each other by the lock, and the child is looked at
//   with WNOWAIT first.
// * Without pidfds, the child may close its end of the pipe early: the pipe's end is then a hint,
//   and waitpid is asked at intervals.
#include "platform/child_handle.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <vector>

#include "platform/error.h"
#include "platform/linux/pidfd.h"
#include "platform/posix/child_state.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/fork_lock.h"

namespace progeny::platform {
namespace {

ExitInfo FromWaitStatus(int status) {
  ExitInfo info;
  if (WIFEXITED(status)) {
    info.kind = ExitInfo::Kind::kExited;
    info.code = static_cast<uint32_t>(WEXITSTATUS(status));
  } else if (WIFSIGNALED(status)) {
    info.kind = ExitInfo::Kind::kSignalled;
    info.code = static_cast<uint32_t>(WTERMSIG(status));
    info.core_dumped = WCOREDUMP(status);
  }
  return info;
}

ExitInfo FromSiginfo(const siginfo_t& info) {
  ExitInfo result;
  const bool exited = info.si_code == CLD_EXITED;
  result.kind = exited ? ExitInfo::Kind::kExited : ExitInfo::Kind::kSignalled;
  result.code = static_cast<uint32_t>(info.si_status);
  result.core_dumped = info.si_code == CLD_DUMPED;
  return result;
}

void Nap() {
  const timespec time{0, 1'000'000};
  nanosleep(&time, nullptr);
}

}  // namespace

class ChildHandle::State {
 public:
  State(NewChild child, Handle sentinel, bool is_pidfd)
      : pid_(child.pid),
        sentinel_(std::move(sentinel)),
        is_pidfd_(is_pidfd),
        lifeline_(std::move(child.lifeline.reader)),
        slot_head_(child.slot_head) {}

  pid_t pid() const { return pid_; }
  const Handle& sentinel() const { return sentinel_; }

  // The status, if the child has ended; reaps it.
  std::optional<ExitInfo> Reap() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!status_) status_ = is_pidfd_ ? ReapByPidfd() : ReapByPid();
    if (status_) lifeline_.Reset();
    return status_;
  }

  absl::Status Send(int signal) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (status_) return absl::OkStatus();
    const int result = is_pidfd_ ? PidfdSendSignal(Native(), signal) : SendByPid(signal);
    if (result == 0 || errno == ESRCH) return absl::OkStatus();
    return LastOsError("signal a child", "");
  }

  void Detach() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!status_) Unbind(lifeline_, SlotWordsOf(slot_head_));
  }

 private:
  int Native() const { return static_cast<int>(sentinel_.get()); }

  std::optional<ExitInfo> ReapByPidfd() {
    for (int attempt = 0; attempt < kThiefAttempts; ++attempt) {
      siginfo_t info{};
      const int result = waitid(P_PIDFD, static_cast<id_t>(Native()), &info, WEXITED | WNOHANG);
      if (result == 0 && info.si_pid == 0) return std::nullopt;
      if (result == 0) return FromSiginfo(info);
      if (errno == EINTR) continue;
      pollfd end{Native(), POLLIN, 0};
      if (poll(&end, 1, 0) == 0) return std::nullopt;  // somebody else's to reap, and still running
      if (const std::optional<int> status = PidfdExitStatus(Native())) return FromWaitStatus(*status);
      if (attempt > 2) Nap();
    }
    return ExitInfo{};
  }

  std::optional<ExitInfo> ReapByPid() {
    int status = 0;
    pid_t got = 0;
    do {
      got = waitpid(pid_, &status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == 0) return std::nullopt;
    if (got == pid_) return FromWaitStatus(status);
    return ExitInfo{};
  }

  int SendByPid(int signal) const {
    siginfo_t info{};
    const int found = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (found != 0) {  // not our child any more: the number may be anybody's
      errno = ESRCH;
      return -1;
    }
    return info.si_pid == 0 ? kill(pid_, signal) : 0;
  }

  static constexpr int kThiefAttempts = 20;

  const pid_t pid_;
  const Handle sentinel_;
  const bool is_pidfd_;
  std::mutex mutex_;
  std::optional<ExitInfo> status_;  // these under mutex_
  Handle lifeline_;
  std::byte* const slot_head_;
};

namespace {

// Children that nobody waits for any more (detached, or their handle destroyed): reaped when the
// next one is started, so that they don't pile up as zombies. Under ForkLock().
std::vector<std::unique_ptr<ChildHandle::State>>& Leftovers() {
  static auto& leftovers = *new std::vector<std::unique_ptr<ChildHandle::State>>;
  return leftovers;
}

void ReapLeftovers() {
  std::lock_guard<std::mutex> lock(ForkLock());
  std::erase_if(Leftovers(), [](auto& state) { return state->Reap().has_value(); });
}

std::atomic<int> own_exit_pipe{-1};

}  // namespace

void ForgetChildrenInChild() {
  // Not ours to wait for. Their descriptors are closed by the owners' destructors.
  Leftovers().clear();
  const int inherited = own_exit_pipe.exchange(-1);
  if (inherited >= 0) close(inherited);
}

void KeepExitPipe(int write_end) { own_exit_pipe = write_end; }

absl::StatusOr<ExitPipe> PrepareExitPipe() {
  if (PidfdsWork()) return ExitPipe{};
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  return ExitPipe{std::move(ends->read), std::move(ends->write)};
}

absl::StatusOr<ChildHandle> AdoptChild(NewChild child) {
  ReapLeftovers();
  SlotWords& words = SlotWordsOf(child.slot_head);
  const bool by_pidfd = !child.exit_pipe.read.valid();
  Handle sentinel = std::move(child.exit_pipe.read);
  if (by_pidfd) {
    absl::StatusOr<Handle> pidfd = AboveStandardStreams(PidfdOpen(child.pid), "open a child's handle");
    if (!pidfd.ok() && OsErrorCodeOf(pidfd.status()) != ESRCH) {
      kill(child.pid, SIGKILL);
      while (waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      return pidfd.status();
    }
    if (!pidfd.ok()) {  // gone, and reaped by another: a pipe at its end is as good a sentinel
      absl::StatusOr<PipeEnds> ends = CreatePipe();
      if (!ends.ok()) return ends.status();
      sentinel = std::move(ends->read);
      auto state = std::make_unique<ChildHandle::State>(std::move(child), std::move(sentinel), false);
      return ChildHandle(std::move(state));
    }
    sentinel = *std::move(pidfd);
  }
  words.adopted.store(1, std::memory_order_release);
  return ChildHandle(
      std::make_unique<ChildHandle::State>(std::move(child), std::move(sentinel), by_pidfd));
}

ChildHandle::ChildHandle(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChildHandle::ChildHandle(ChildHandle&&) noexcept = default;
ChildHandle& ChildHandle::operator=(ChildHandle&&) noexcept = default;

ChildHandle::~ChildHandle() {
  if (state_ == nullptr || state_->Reap()) return;
  std::lock_guard<std::mutex> lock(ForkLock());
  Leftovers().push_back(std::move(state_));
}

ProcessId ChildHandle::id() const { return state_->pid(); }
NativeHandle ChildHandle::sentinel() const { return state_->sentinel().get(); }
std::optional<ExitInfo> ChildHandle::ReapIfEnded() { return state_->Reap(); }

absl::StatusOr<ExitInfo> ChildHandle::Wait(Deadline deadline) {
  pollfd end{static_cast<int>(state_->sentinel().get()), POLLIN, 0};
  while (true) {
    if (const std::optional<ExitInfo> status = state_->Reap()) return *status;
    if (deadline.passed()) return absl::DeadlineExceededError("the child is still running");
    const int ready = poll(&end, 1, deadline.RemainingMilliseconds());
    if (ready < 0 && errno != EINTR) return LastOsError("wait for a child", "");
    if (ready <= 0) continue;
    if (const std::optional<ExitInfo> status = state_->Reap()) return *status;
    Nap();  // a pipe closed early, or the zombie is a moment away
  }
}

absl::Status ChildHandle::Interrupt() { return state_->Send(SIGINT); }
absl::Status ChildHandle::Terminate() { return state_->Send(SIGTERM); }
absl::Status ChildHandle::Kill() { return state_->Send(SIGKILL); }

absl::Status ChildHandle::Detach() {
  state_->Detach();
  return absl::OkStatus();
}

}  // namespace progeny::platform
