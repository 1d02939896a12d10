// Taking work back: one call's, or all there is. What has not begun never runs; what runs is ended with
// its process (engine_stop.cc), or at its next element, or let be.
//
// A worker claims a batch, then says which element runs, then looks at the claim once more; a call that
// is cancelled marks the claim, then tries to condemn what is said to run. One of the two sees the
// other: an element that wasn't condemned doesn't begin. What the worker has published and the
// dispatcher hasn't read yet is in the way of that; the dispatcher tries again once it has.
#include "absl/strings/str_cat.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

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
      const bool ours = flight.header != nullptr && flight.batch->work == work;
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
  std::lock_guard<std::mutex> lock(mu_);
  Drop(work, Cancelled("its call was"));
  WakeDispatcher();
}

bool Engine::Cancel(const std::shared_ptr<detail::PoolWork>& work) {
  std::lock_guard<std::mutex> lock(mu_);
  const int64_t open_before = work->open;
  if (open_before == 0) return false;
  Drop(work, Cancelled("by Future::Cancel"));
  work->to_be_ended = true;
  EndCancelled();
  WakeDispatcher();
  // Too late only for what has its last outcome in a ring already.
  int64_t published = 0;
  for (const auto& worker : workers_) {
    if (worker->in_flight.empty() || worker->in_flight.front().batch->work != work) continue;
    const InFlight& flight = worker->in_flight.front();
    const uint64_t last = flight.next_task() + flight.batch->left() - 1;
    const bool done = worker->memory.words().running.load() == (last | kDone);
    if (done) published += flight.batch->left();
  }
  return open_before > published;
}

void Engine::EndCancelled() {
  for (const auto& worker : workers_) {
    if (!worker->alive() || worker->in_flight.empty()) continue;
    if (!worker->in_flight.front().batch->work->to_be_ended) continue;
    if (Condemn(*worker, Cancelled("by Future::Cancel"))) worker->climb.emplace(*worker->child, ladder_);
  }
}

// From here on nobody works any more: what is open is told `reason`, processes are killed, without a ladder.
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
