// Workers that end and begin.
//
// * A worker ends at any moment: the supervisor sees it, marks it `gone` under the lock and wakes the
//   dispatcher, which first takes every outcome that was published, then settles the rest. Nobody
//   deals work to it in between, and its memory is used again only afterwards.
// * A task is to be ended (timeout, cancel) while it ends by itself: one compare-and-swap on `running`
//   decides (wire.h), so a worker is never killed for a task that it has finished.
// * The pool is closed while a worker is being started: the start is finished, then the worker is told
//   to leave like the others.
// * Somebody kills workers faster than they come up: a spawned one needs milliseconds until it is ready,
//   and two running that die before that are what a broken initialiser looks like too. `running` tells
//   the two apart: the worker writes kInitialising there before it looks at the initialiser's first byte.
//   A death by a signal of others before that says nothing about the next worker.
// * Nothing that takes long, starting, waiting, copying, happens under the lock.
#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/pool/engine.h"
#include "progeny/internal/pool/pinning.h"
#include "progeny/internal/self.h"

namespace progeny::internal {
namespace {

constexpr int kMostFailuresInARow = 2;
constexpr int kMostKillsInARow = 100;
constexpr absl::Duration kLookAgainAfter = absl::Milliseconds(1);  // at somebody who is idle
constexpr absl::Duration kRetryStartAfter = absl::Milliseconds(50);
constexpr absl::Duration kLongestShortage = absl::Seconds(5);

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

absl::Status DiedUnderIt(absl::Span<const std::string> deaths, bool quarantined) {
  const std::string all = absl::StrJoin(deaths, "; ");
  if (deaths.size() == 1) return absl::AbortedError(all);
  return absl::AbortedError(absl::StrCat("the task has ended ", deaths.size(), " workers and ",
                                         quarantined ? "is in quarantine: " : "is not tried again: ", all));
}

}  // namespace

void Engine::Worker::Renew() {
  memory.Reset();
  down = RingProducer(memory.down());
  next_task = 1;
  known_entries = 0;
  known_jobs.clear();
  known_arenas.clear();
  areas_sent = 0;
  killed = false;
  init_failure = absl::OkStatus();
  garbled = absl::OkStatus();
}

void Engine::WakeDispatcher() {
  turn_wanted_.store(true);
  bell_.word().Wake();
}

void Engine::Kill(Worker& worker) {
  worker.killed = true;
  worker.life = Life::kLeaving;
  if (worker.child != nullptr) (void)worker.child->Kill();
}

// Ends the task that `worker` runs, with its process, if it still runs.
bool Engine::Condemn(Worker& worker, const absl::Status& reason) {
  if (worker.in_flight.empty() || worker.in_flight.front().batch->left() == 0) return false;
  InFlight& flight = worker.in_flight.front();
  uint64_t running = flight.next_task();
  if (!worker.memory.words().running.compare_exchange_strong(running, running | kCondemned)) {
    return false;
  }
  Tell(*flight.batch, reason);
  Kill(worker);
  return true;
}

void Engine::CheckTimeouts() {
  if (options_.task_timeout == absl::InfiniteDuration()) return;
  const int64_t timeout = absl::ToInt64Nanoseconds(options_.task_timeout);
  for (const auto& worker : workers_) {
    if (!worker->alive() || worker->in_flight.empty()) continue;
    WorkerWords& words = worker->memory.words();
    if (words.running.load() != worker->in_flight.front().next_task()) continue;
    if (Now() - words.started_at.load() < timeout) continue;
    Condemn(*worker, absl::DeadlineExceededError(absl::StrCat(
                         "the task ran longer than task_timeout (",
                         absl::FormatDuration(options_.task_timeout), "); its worker was ended")));
  }
}

// A task that starts after this look can't be late before now + timeout.
platform::Deadline Engine::NextDeadline() {
  if (options_.task_timeout == absl::InfiniteDuration()) {
    return idle_since_ ? platform::Deadline::After(kLookAgainAfter) : platform::Deadline::Infinite();
  }
  absl::Duration next = idle_since_ ? kLookAgainAfter : absl::InfiniteDuration();
  for (const auto& worker : workers_) {
    if (!worker->alive() || worker->in_flight.empty()) continue;
    next = std::min(next, options_.task_timeout);
    WorkerWords& words = worker->memory.words();
    if (words.running.load() != worker->in_flight.front().next_task()) continue;
    next = std::min(next, options_.task_timeout - absl::Nanoseconds(Now() - words.started_at.load()));
  }
  return platform::Deadline::After(next);
}

// The one task that `worker` had begun, if it had.
void Engine::SettleStarted(Worker& worker, const ExitStatus& exit) {
  if (worker.in_flight.empty() || worker.in_flight.front().batch->left() == 0) return;
  InFlight& flight = worker.in_flight.front();
  const uint64_t running = worker.memory.words().running.load();
  if ((running & kTaskNumber) != flight.next_task()) return;
  if (state_ == State::kEnding) return Tell(*flight.batch, end_reason_);
  std::vector<std::string>& deaths = flight.batch->deaths;
  deaths.push_back(absl::StrCat("'", worker.child->name(), "' ended before it answered: ", exit.ToString()));
  const auto times = static_cast<int>(deaths.size());
  const bool quarantined = options_.quarantine_after > 0 && times >= options_.quarantine_after;
  if (times <= options_.retries && !quarantined) return;
  if (!worker.garbled.ok()) return Tell(*flight.batch, detail::WithExitStatus(worker.garbled, exit));
  Tell(*flight.batch, detail::WithExitStatus(DiedUnderIt(deaths, quarantined), exit));
}

// What fails in the initialiser, or ends by itself before it, will do so again. What was killed from
// outside says nothing about the next one, unless it goes on for ever.
void Engine::NoteNeverReady(const Worker& worker, const ExitStatus& exit) {
  const bool initialising = worker.memory.words().running.load() == kInitialising;
  const bool by_itself = initialising || !worker.init_failure.ok() || !exit.terminated();
  ++(by_itself ? failures_in_a_row_ : kills_in_a_row_);
  if (failures_in_a_row_ < kMostFailuresInARow && kills_in_a_row_ < kMostKillsInARow) return;
  if (!worker.init_failure.ok()) return EndAll(worker.init_failure);
  EndAll(detail::WithExitStatus(
      absl::AbortedError(absl::StrCat("the pool is closed: '", worker.child->name(), "' ended (",
                                      exit.ToString(),
                                      ") before it was ready, like the one before it")),
      exit));
}

void Engine::Settle(Worker& worker) {
  Drain(worker);
  const ExitStatus exit = worker.child->exit_status().value_or(ExitStatus());
  TakeFlatOfTheDead(worker);
  SettleStarted(worker, exit);
  while (!worker.in_flight.empty()) {
    Requeue(std::move(worker.in_flight.back().batch));
    worker.in_flight.pop_back();
  }
  if (worker.life != Life::kLeaving) ++lost_;
  if (worker.life == Life::kStarting) NoteNeverReady(worker, exit);
  worker.life = Life::kAbsent;
  worker.gone = false;
  worker.child.reset();
  worker.Renew();
  worker.up = RingConsumer(worker.memory.up());  // only here: this thread looks at it without the lock
  worker.wanted = state_ == State::kOpen || (state_ == State::kClosing && open_ > 0);
  supervisor_wakeup_->Set();
}

// Closed and nothing left to do: who lives is told to leave.
void Engine::SayGoodbye() {
  if (state_ != State::kClosing || open_ > 0) return;
  for (const auto& worker : workers_) {
    worker->wanted = false;
    if (!worker->takes_work()) continue;
    if (worker->Reserve(Down::kExit, 0) == nullptr) continue;
    worker->down.Commit();
    worker->life = Life::kLeaving;
    worker->bell.Wake();
  }
}

bool Engine::AllAbsent() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) {
    return worker->life == Life::kAbsent && !worker->being_started;
  });
}

absl::StatusOr<std::shared_ptr<detail::Child>> Engine::StartProcess(Worker& worker) {
  ProcessOptions process = options_.process;
  process.name = absl::StrCat(process.name.empty() ? "PoolWorker" : process.name, "-", worker.index + 1);
  // Create's thread forks the first workers by itself. What has been theirs since is the template's.
  const StartStrategy* const forker = threads_run_ ? template_.get() : nullptr;
  if (forker != nullptr) {
    process.environment = {};
    process.working_directory.clear();
  }
  WorkerSetup setup;
  setup.max_tasks = options_.max_tasks_per_worker;
  setup.max_memory = options_.max_worker_memory;
  setup.tells_start = options_.task_timeout != absl::InfiniteDuration();
  setup.awaits_initialiser = initialiser_.node != nullptr;
  setup.depth = PoolDepth() + 1;
  setup.cpu = CpuFor(options_.pinning, worker.index);
  absl::StatusOr<platform::HandleCourier> courier = platform::HandleCourier::Create();
  if (!courier.ok()) return courier.status();
  worker.courier = *std::move(courier);
  auto child = StartWorker(process, {&worker.memory, &worker.bell, &bell_, &worker.courier, forker}, setup);
  worker.courier.CloseFarEnd();
  return child;
}

// By the supervisor, and by Start before it lives.
absl::Status Engine::StartOne(size_t index) {
  Worker& worker = *workers_[index];
  {
    std::lock_guard<std::mutex> lock(mu_);
    if (state_ == State::kEnding || state_ == State::kEnded) return end_reason_;
    worker.being_started = true;
  }
  absl::StatusOr<std::shared_ptr<detail::Child>> child = StartProcess(worker);
  std::lock_guard<std::mutex> lock(mu_);
  WakeDispatcher();
  if (!child.ok()) {
    worker.being_started = false;
    worker.Renew();
    NoteStartFailure(child.status());
    return child.status();
  }
  start_failures_ = 0;
  ++started_;
  worker.child = *std::move(child);
  GiveInitialiser(worker);  // before any other work, and while nobody deals any
  worker.being_started = false;
  worker.life = Life::kStarting;
  worker.wanted = false;
  if (state_ == State::kEnding) Kill(worker);
  return absl::OkStatus();
}

// Others go on; with none left the pool can't, and says why, once a shortage has had time to pass.
void Engine::NoteStartFailure(const absl::Status& status) {
  const absl::Time now = absl::Now();
  if (start_failures_++ == 0) first_start_failure_ = now;
  retry_start_ = now + kRetryStartAfter;
  const bool may_pass = absl::IsResourceExhausted(status) && now - first_start_failure_ < kLongestShortage;
  if (may_pass) return;
  const bool any_left = std::any_of(workers_.begin(), workers_.end(),
                                    [](const auto& worker) { return worker->child != nullptr; });
  if (!any_left && start_failures_ >= kMostFailuresInARow) EndAll(status);
}

}  // namespace progeny::internal
