// Waiting for a child and ending it: one lock per child, one status for all who ask.
//
// Races, over those of each kernel's child_watch.cc:
// * Two threads wait: both poll, one reaps under the lock, the other finds the status kept.
// * A thread that waits without limit sleeps in the call that reaps, which can't be done under the
//   lock: until it has put the status away nobody else reaps, and who asks meanwhile is told that
//   the child still runs, or looks again a moment later.
// * A signal and the reaping exclude each other by the lock: where processes are named by ids, a
//   recycled one is never signalled.
#include "platform/child_handle.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <vector>

#include "platform/error.h"
#include "platform/posix/child_state.h"
#include "platform/posix/child_watch.h"
#include "platform/posix/fork_lock.h"
#include "platform/posix/process_tree.h"
#include "platform/posix/stop_word.h"

namespace progeny::platform {

class ChildHandle::State {
 public:
  State(ChildWatch watch, NewChild child)
      : watch_(std::move(watch)),
        lifeline_(std::move(child.lifeline.reader)),
        slot_head_(child.slot_head),
        executed_(child.executed) {}

  pid_t pid() const { return watch_.pid(); }
  int sentinel() const { return watch_.sentinel(); }

  // The status, if the child has ended; reaps it.
  std::optional<ExitInfo> Reap() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!status_ && !reaper_sleeps_) Keep(watch_.Reap());
    return status_;
  }

  // The status, after the child's end; nothing where the kernel can't do both in one call, or
  // another thread is at it.
  std::optional<ExitInfo> AwaitAndReap() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (status_ || reaper_sleeps_) return status_;
      reaper_sleeps_ = true;
    }
    std::optional<ExitInfo> status = watch_.AwaitAndReap();
    std::lock_guard<std::mutex> lock(mutex_);
    reaper_sleeps_ = false;
    Keep(std::move(status));
    return status_;
  }

  absl::Status Send(int signal) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (status_) return absl::OkStatus();
    if (watch_.Signal(signal) == 0 || errno == ESRCH) return absl::OkStatus();
    return LastOsError("signal a child", "");
  }

  // The lock keeps the child from being reaped, and so its id from naming somebody else.
  absl::Status KillTree() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (status_) return absl::OkStatus();
    if (watch_.Signal(SIGSTOP) != 0) {
      return errno == ESRCH ? absl::OkStatus() : LastOsError("stop a child", "");
    }
    EndDescendantsOf(watch_.pid());
    if (watch_.Signal(SIGKILL) == 0 || errno == ESRCH) return absl::OkStatus();
    return LastOsError("kill a child", "");
  }

  void Detach() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!status_) Unbind(lifeline_, SlotWordsOf(slot_head_));
  }

 private:
  void Keep(std::optional<ExitInfo> status) {
    status_ = std::move(status);
    if (!status_) return;
    lifeline_.Reset();
    if (executed_ && status_->peak) status_->peak->at_most = status_->peak->bytes <= PeakTakenOver();
  }

  std::mutex mutex_;
  ChildWatch watch_;  // these under mutex_; but for what never changes in it
  std::optional<ExitInfo> status_;
  bool reaper_sleeps_ = false;
  Handle lifeline_;
  std::byte* const slot_head_;
  const bool executed_;
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
  if (own_exit_pipe.load() < 0) return;  // to write would copy a page
  close(own_exit_pipe.exchange(-1));
}

void KeepExitPipe(int write_end) { own_exit_pipe = write_end; }

absl::StatusOr<ChildHandle> AdoptChild(NewChild child) {
  ReapLeftovers();
  absl::StatusOr<ChildWatch> watch = ChildWatch::Begin(child.pid, std::move(child.exit_pipe));
  if (!watch.ok()) {
    SignalById(child.pid, SIGKILL);
    while (waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return watch.status();
  }
  SlotWordsOf(child.slot_head).adopted.store(1, std::memory_order_release);
  return ChildHandle(std::make_unique<ChildHandle::State>(*std::move(watch), std::move(child)));
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
NativeHandle ChildHandle::sentinel() const { return state_->sentinel(); }
std::optional<ExitInfo> ChildHandle::ReapIfEnded() { return state_->Reap(); }

absl::StatusOr<ExitInfo> ChildHandle::Wait(Deadline deadline) {
  if (deadline.infinite()) {
    if (const std::optional<ExitInfo> status = state_->AwaitAndReap()) return *status;
  }
  pollfd end{state_->sentinel(), POLLIN, 0};
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

absl::Status ChildHandle::KillTree() { return state_->KillTree(); }

void ChildHandle::WakeForStop(const std::atomic<uint32_t>& word) { WakeStopWaiters(word); }

absl::Status ChildHandle::Detach() {
  state_->Detach();
  return absl::OkStatus();
}

}  // namespace progeny::platform
