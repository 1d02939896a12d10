// Workers that end and begin; engine_stop.cc tells how they are brought to their end.
//
// * A worker ends at any moment: the supervisor sees it, marks it `gone` under the lock and wakes the
//   dispatcher, which first takes every outcome that was published, then settles the rest. Nobody
//   deals work to it in between, and its memory is used again only afterwards.
// * The pool is closed while a worker is being started: the start is finished, then the worker is told
//   to leave like the others.
// * Somebody kills workers faster than they come up: a spawned one needs milliseconds until it is ready,
//   and two running that die before that are what a broken initialiser looks like too. `running` tells
//   the two apart: the worker writes kInitialising there before it looks at the initialiser's first byte.
//   A death by a signal of others before that says nothing about the next worker.
// * Nothing that takes long, starting, waiting, copying, happens under the lock.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "progeny/internal/crash_reports.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/pool/engine.h"
#include "progeny/internal/pool/pinning.h"
#include "progeny/internal/self.h"

namespace progeny::internal {
namespace {

constexpr int kMostFailuresInARow = 2;
constexpr int kMostKillsInARow = 100;
constexpr int kMostSilentDeaths = 50;
constexpr absl::Duration kRetryStartAfter = absl::Milliseconds(50);
constexpr absl::Duration kLongestShortage = absl::Seconds(5);

std::string DiedUnderIt(absl::Span<const std::string> deaths, bool quarantined) {
  const std::string all = absl::StrJoin(deaths, "; ");
  if (deaths.size() == 1) return all;
  return absl::StrCat("the task has ended ", deaths.size(), " workers and ",
                      quarantined ? "is in quarantine: " : "is not tried again: ", all);
}

// "killed by SIGKILL, peak memory 12.3 MiB"
std::string EndInWords(detail::Child& child, const ExitStatus& exit) {
  const std::optional<platform::PeakMemory> peak = child.peak_memory();
  if (!peak) return exit.ToString();
  return absl::StrFormat("%s, peak memory %s%.1f MiB", exit.ToString(), peak->at_most ? "at most " : "",
                         static_cast<double>(peak->bytes) / (1 << 20));
}

// Aborted, with what the dead worker could still say: how it ended, and where it crashed.
absl::Status Death(absl::string_view words, const ExitStatus& exit, const std::optional<CrashReport>& crash) {
  if (!crash) return detail::WithExitStatus(absl::AbortedError(words), exit);
  absl::Status status = absl::AbortedError(absl::StrCat(words, "\n", crash->ToString()));
  return detail::WithExitStatus(detail::WithCrashReport(std::move(status), *crash), exit);
}

}  // namespace

void EngineWorker::Renew() {
  memory.Reset();
  RenewSlabs();
  down = RingProducer(memory.down());
  next_task = 1;
  known_entries = 0;
  known_jobs.clear();
  known_arenas.clear();
  crash.reset();
  killed = false;
  climb.reset();
  leaves_by = platform::Deadline::Infinite();
  init_failure = absl::OkStatus();
  garbled = absl::OkStatus();
}

// A caller that drives looks at `turn_wanted_` itself.
void Engine::WakeDispatcher() {
  turn_wanted_.store(true);
  if (driver_ == Driver::kNone && dispatcher_sleeps_) Announce();
  bell_.word().Wake();
}

// The one task that `worker` had begun, if it had.
void Engine::SettleStarted(Worker& worker, const ExitStatus& exit) {
  if (worker.in_flight.empty() || worker.in_flight.front().batch->left() == 0) return;
  InFlight& flight = worker.in_flight.front();
  const uint64_t running = worker.memory.words().running.load();
  // That word is the worker's: a task that overwrites it, each time, is not to go on from worker to worker for ever.
  const bool begun = (running & kTaskNumber) == flight.next_task();
  if (!begun && ++flight.batch->silent_deaths < kMostSilentDeaths) return;
  if (state_ == State::kEnding) return Tell(*flight.batch, end_reason_);
  std::vector<std::string>& deaths = flight.batch->deaths;
  deaths.push_back(absl::StrCat("'", worker.child->name(), "' ended before it answered: ",
                                EndInWords(*worker.child, exit)));
  const auto times = static_cast<int>(deaths.size());
  const bool quarantined = options_.quarantine_after > 0 && times >= options_.quarantine_after;
  if (times <= options_.retries && !quarantined) return;
  if (!worker.garbled.ok()) return Tell(*flight.batch, detail::WithExitStatus(worker.garbled, exit));
  Tell(*flight.batch, Death(DiedUnderIt(deaths, quarantined), exit, worker.crash));
}

// What fails in the initialiser, or ends by itself before it, will do so again. What was killed from
// outside says nothing about the next one, unless it goes on for ever.
void Engine::NoteNeverReady(const Worker& worker, const ExitStatus& exit) {
  const bool initialising = worker.memory.words().running.load() == kInitialising;
  const bool by_itself = initialising || !worker.init_failure.ok() || !exit.terminated();
  ++(by_itself ? failures_in_a_row_ : kills_in_a_row_);
  if (failures_in_a_row_ < kMostFailuresInARow && kills_in_a_row_ < kMostKillsInARow) return;
  if (!worker.init_failure.ok()) return EndAll(worker.init_failure);
  EndAll(Death(absl::StrCat("the pool is closed: '", worker.child->name(), "' ended (",
                            EndInWords(*worker.child, exit), ") before it was ready, like the one before it"),
               exit, worker.crash));
}

void Engine::Settle(Worker& worker) {
  Drain(worker);
  const ExitStatus exit = worker.child->exit_status().value_or(ExitStatus());
  TakeFlatOfTheDead(worker);
  SettleStarted(worker, exit);
  HandOn(worker);
  if (worker.life != Life::kLeaving) ++lost_;
  if (worker.life == Life::kStarting) NoteNeverReady(worker, exit);
  worker.life = Life::kAbsent;
  worker.gone = false;
  worker.child.reset();
  worker.Renew();
  worker.up = RingConsumer(worker.memory.up());  // only here: this thread looks at it without the lock
  worker.wanted = more_to_do();
  supervisor_wakeup_->Set();
}

// Closed and nothing left to do: who lives is told to leave.
void Engine::SayGoodbye() {
  if (state_ != State::kClosing || open_ > 0) return;
  for (const auto& worker : workers_) {
    worker->wanted = false;
    if (worker->takes_work()) TellToExit(*worker);  // or later, when there is room
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
  const auto leave_others = [&] {
    for (const auto& other : workers_) {
      if (other.get() != &worker) other->memory.Leave();
    }
  };
  auto child = StartWorker(process, {&worker.memory, &worker.bell, &bell_, &worker.courier, forker, leave_others}, setup);
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
  worker.born = Now();
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
