// The pool's two threads. engine.h says who does what; engine_life.cc tells the races.
#include <algorithm>

#include "progeny/internal/pool/engine.h"
#include "progeny/log.h"

namespace progeny::internal {
namespace {

constexpr int kSpins = 1000;

}  // namespace

// One turn of the dispatcher's; false when there is nothing left to do for ever.
bool Engine::TakeTurn() {
  for (const auto& worker : workers_) {
    if (worker->alive()) Drain(*worker);
    if (worker->gone) Settle(*worker);
  }
  EndCancelled();
  CheckTimeouts();
  Dispatch(true);
  Rebalance();
  SayGoodbye();
  const bool finished = state_ == State::kEnding || (state_ == State::kClosing && open_ == 0);
  return !finished || !AllAbsent();
}

bool Engine::AnythingTold() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return !worker->up.empty(); });
}

void Engine::RunDispatcher() {
  std::lock_guard<std::mutex> lock(mu_);
  bell_.word().NoteCpu();
  while (state_ != State::kEnded) {
    if (!TakeTurn()) {
      state_ = State::kEnded;
      ended_.notify_all();
      break;
    }
    const platform::Deadline deadline = NextDeadline();
    const bool worth_spinning = std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
      return !worker->in_flight.empty() && worker->bell.PeerRunsElsewhere();
    });
    // What callers change, they change under the lock: until it is released nothing can be missed.
    const uint32_t ticket = bell_.word().Announce();
    mu_.unlock();
    for (int i = 0; worth_spinning && i < kSpins && !AnythingTold(); ++i) {
    }
    if (!AnythingTold()) bell_.word().Sleep(ticket, deadline);
    bell_.word().Withdraw();
    bell_.word().NoteCpu();
    mu_.lock();
  }
  supervisor_wakeup_->Set();
}

void Engine::NoteEnds(
    absl::Span<const std::pair<size_t, std::shared_ptr<detail::Child>>> watched) {
  for (const auto& [index, child] : watched) {
    if (!child->exit_status()) continue;
    std::lock_guard<std::mutex> lock(mu_);
    workers_[index]->gone = true;
    WakeDispatcher();
  }
}

Engine::Watched Engine::Look() {
  Watched watched;
  watched.handles.push_back(supervisor_wakeup_->handle());
  std::lock_guard<std::mutex> lock(mu_);
  watched.ended = state_ == State::kEnded;
  for (const auto& worker : workers_) {
    if (worker->child != nullptr && !worker->gone) {
      watched.children.emplace_back(worker->index, worker->child);
      watched.handles.push_back(worker->child->sentinel());
    }
    if (worker->life == Life::kAbsent && worker->wanted && !watched.to_start) {
      watched.to_start = worker->index;
    }
  }
  if (!watched.to_start) return watched;
  const absl::Duration pause = std::max(retry_start_ - absl::Now(), absl::ZeroDuration());
  watched.deadline = platform::Deadline::After(pause);
  if (pause > absl::ZeroDuration()) watched.to_start.reset();
  return watched;
}

// One start at a time, with a look at who has ended in between.
void Engine::RunSupervisor() {
  while (true) {
    supervisor_wakeup_->Clear();
    const Watched watched = Look();
    if (watched.ended) return;
    const auto ready = platform::WaitForAny(watched.handles, watched.deadline);
    if (!ready.ok() && !absl::IsDeadlineExceeded(ready.status())) Log::Error(ready.status());
    NoteEnds(watched.children);
    if (watched.to_start) (void)StartOne(*watched.to_start);
  }
}

}  // namespace progeny::internal
