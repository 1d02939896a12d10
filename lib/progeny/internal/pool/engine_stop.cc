// How workers are brought to their end: up the ladder of ProcessOptions::stop, one step at a time, beside
// everything else that the dispatcher does.
//
// * A task is to be ended (timeout, cancel) while it ends by itself: one compare-and-swap on `running`
//   decides (wire.h), so no worker is ended for a task that it has finished. Once the swap has succeeded
//   the worker publishes nothing any more: if the task heeds the stop token and returns, the worker leaves
//   by itself, and a step that comes later meets a process that has ended, which is no error.
// * What else such a worker was given moves to others at once, the rest of its chunk included: it will look
//   at none of it.
// * A worker that leaves (it retires, was told to exit, or its initialiser has failed) may hang in code of
//   the user's. It has `grace` to end by itself, then it goes up the same ladder.
// * No step waits: each is a system call or two, under the lock, and the next one is a deadline of the
//   dispatcher's.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

constexpr absl::Duration kLookAgainAfter = absl::Milliseconds(1);  // at somebody who is idle

}  // namespace

void Engine::Kill(Worker& worker) {
  worker.killed = true;
  worker.climb.reset();
  worker.life = Life::kLeaving;
  if (worker.child != nullptr) (void)worker.child->Kill();
}

// The task that `worker` runs, if it still runs, is told `reason`, and its worker works no more.
bool Engine::Condemn(Worker& worker, const absl::Status& reason) {
  if (worker.in_flight.empty() || worker.in_flight.front().batch->left() == 0) return false;
  InFlight& flight = worker.in_flight.front();
  uint64_t running = flight.next_task();
  if (!worker.memory.words().running.compare_exchange_strong(running, running | kCondemned)) {
    return false;
  }
  Tell(*flight.batch, reason);
  worker.life = Life::kLeaving;
  HandOn(worker);
  return true;
}

void Engine::HandOn(Worker& worker) {
  while (!worker.in_flight.empty()) {
    TakeFromSlab(worker.in_flight.back());
    Requeue(std::move(worker.in_flight.back().batch));
    worker.in_flight.pop_back();
  }
}

void Engine::CheckTimeouts() {
  if (options_.task_timeout == absl::InfiniteDuration()) return;
  const int64_t timeout = absl::ToInt64Nanoseconds(options_.task_timeout);
  for (const auto& worker : workers_) {
    if (!worker->alive() || worker->in_flight.empty()) continue;
    WorkerWords& words = worker->memory.words();
    if (words.running.load() != worker->in_flight.front().next_task()) continue;
    if (Now() - words.started_at.load() < timeout) continue;
    const bool condemned = Condemn(
        *worker, absl::DeadlineExceededError(absl::StrCat(
                     "the task ran longer than task_timeout (", absl::FormatDuration(options_.task_timeout),
                     "); its worker was ended")));
    if (condemned) worker->climb.emplace(*worker->child, ladder_);
  }
}

// Who leaves goes on climbing, and whose grace is over begins.
void Engine::EndLeaving() {
  for (const auto& worker : workers_) {
    if (!worker->alive() || worker->killed) continue;
    const bool leaves = (worker->life == Life::kLeaving && worker->in_flight.empty()) ||
                        !worker->init_failure.ok();
    if (leaves && !worker->climb) {
      if (worker->leaves_by.infinite()) worker->leaves_by = platform::Deadline::After(options_.process.grace);
      if (worker->leaves_by.passed()) worker->climb.emplace(*worker->child, ladder_);
    }
    if (worker->climb) worker->climb->GoOn();
  }
}

// A task that starts after this look can't be late before now + timeout.
absl::Duration Engine::UntilTimeout(const Worker& worker) const {
  if (options_.task_timeout == absl::InfiniteDuration() || worker.in_flight.empty()) {
    return absl::InfiniteDuration();
  }
  WorkerWords& words = worker.memory.words();
  if (words.running.load() != worker.in_flight.front().next_task()) return options_.task_timeout;
  return options_.task_timeout - absl::Nanoseconds(Now() - words.started_at.load());
}

absl::Duration Engine::UntilStep(const Worker& worker) {
  if (!worker.climb) return worker.leaves_by.Remaining();
  return worker.climb->at_end() ? absl::InfiniteDuration() : worker.climb->due().Remaining();
}

platform::Deadline Engine::NextDeadline() const {
  absl::Duration next = idle_since_ ? kLookAgainAfter : absl::InfiniteDuration();
  for (const auto& worker : workers_) {
    if (!worker->alive()) continue;
    next = std::min({next, UntilTimeout(*worker), UntilStep(*worker), UntilTrim(*worker)});
    // One that waits for its turn to be replaced is looked at when the turn comes.
    if (UntilTooOld(*worker) > absl::ZeroDuration()) next = std::min(next, UntilTooOld(*worker));
  }
  if (next == absl::InfiniteDuration()) return platform::Deadline::Infinite();  // without a look at the clock
  return platform::Deadline::After(next);
}

}  // namespace progeny::internal
