// Taking work back: one call's, or all there is. What has not begun never runs; what runs is ended with
// its process, or at its next element, or let be.
#include "absl/strings/str_cat.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

// Looks at a worker that has claimed a task and is about to say that it runs.
constexpr int kClaimedToRunning = 1000;

absl::Status Cancelled(absl::string_view what) {
  return absl::CancelledError(absl::StrCat("the task was cancelled: ", what));
}

}  // namespace

// Everything of `work` that hasn't started is told `reason`; what runs stops at its next element.
void Engine::Drop(const std::shared_ptr<detail::PoolWork>& work, const absl::Status& reason) {
  work->cancelled = true;
  for (auto& batch : queue_) {
    if (batch->work != work) continue;
    TellAll(*batch, reason);
    batch.reset();
  }
  std::erase(queue_, nullptr);
  for (const auto& worker : workers_) {
    std::deque<InFlight> kept;
    for (InFlight& flight : worker->in_flight) {
      Claim free = Claim::kFree;
      const bool ours = flight.batch->work == work;
      if (ours && flight.header->claim.compare_exchange_strong(free, Claim::kWithdrawn)) {
        TellAll(*flight.batch, reason);
        continue;
      }
      if (ours) flight.header->claim.store(Claim::kStopped);
      kept.push_back(std::move(flight));
    }
    worker->in_flight = std::move(kept);
  }
}

void Engine::DropQueued(const std::shared_ptr<detail::PoolWork>& work) {
  absl::MutexLock lock(&mu_);
  Drop(work, Cancelled("its call was"));
  WakeDispatcher();
}

bool Engine::Cancel(const std::shared_ptr<detail::PoolWork>& work) {
  absl::MutexLock lock(&mu_);
  if (work->open == 0) return false;
  const int64_t open_before = work->open;
  Drop(work, Cancelled("by Future::Cancel"));
  bool condemned = false;
  for (const auto& worker : workers_) {
    if (!worker->alive() || worker->in_flight.empty()) continue;
    if (worker->in_flight.front().batch->work != work) continue;
    bool this_one = false;
    for (int i = 0; i < kClaimedToRunning && !this_one; ++i) {
      this_one = Condemn(*worker, Cancelled("by Future::Cancel"));
    }
    condemned = condemned || this_one;
  }
  WakeDispatcher();
  return condemned || work->open < open_before;
}

// From here on nobody works any more: what is open is told `reason`, processes are ended.
void Engine::EndAll(const absl::Status& reason) {
  if (state_ == State::kEnding || state_ == State::kEnded) return;
  state_ = State::kEnding;
  end_reason_ = reason;
  std::deque<std::unique_ptr<Batch>> queued = std::move(queue_);
  queue_.clear();
  for (auto& batch : queued) {
    batch->work->cancelled = true;
    TellAll(*batch, reason);
  }
  for (const auto& worker : workers_) {
    worker->wanted = false;
    if (!worker->alive()) continue;
    // What has an outcome by now keeps it; what has none is told the reason when the worker is settled.
    Condemn(*worker, reason);
    Kill(*worker);
  }
  WakeDispatcher();
  supervisor_wakeup_->Set();
}

}  // namespace progeny::internal
