// The pool's two threads. engine.h says who does what; engine_life.cc tells the races.
#include <algorithm>

#include "progeny/internal/pool/engine.h"
#include "progeny/log.h"

namespace progeny::internal {
namespace {

constexpr int kSpinsOfPool = 4000;  // some 20 us with one worker

}  // namespace

// One turn of the dispatcher's; false when there is nothing left to do for ever.
bool Engine::TakeTurn() {
  turn_wanted_.store(false);
  for (const auto& worker : workers_) {
    if (worker->alive()) Drain(*worker);
    if (worker->gone && !worker->being_dealt) Settle(*worker);
  }
  EndCancelled();
  CheckTimeouts();
  TrimSlabs();
  Dispatch(true);
  Rebalance();
  SeeOff();
  const bool finished = state_ == State::kEnding || (state_ == State::kClosing && open_ == 0);
  return !finished || !AllAbsent();
}

// Workers that are to leave, or that take too long to.
void Engine::SeeOff() {
  RetireAged();
  SayGoodbye();
  EndLeaving();
}

// Once it is announced that nobody drives for a while: a worker that made room in its ring before that
// rang for nobody.
void Engine::PutWhatFits() {
  if (!queue_.empty()) Dispatch(true);
  SeeOff();
}

// The dispatcher may have gone to sleep when nothing ran that could be late.
bool Engine::LateTasksNeedALook() const {
  return options_.task_timeout != absl::InfiniteDuration() && SleepsTooLong();
}

// Longer than it may, by what there is now.
bool Engine::SleepsTooLong() const {
  constexpr absl::Duration kSlack = absl::Milliseconds(1);
  return NextDeadline().Remaining() + kSlack < dispatcher_deadline_.Remaining();
}

bool Engine::AnythingToDo() const {
  return turn_wanted_.load(std::memory_order_relaxed) || std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
    return HoldsRecords(worker->memory.words().up);
  });
}

bool Engine::WorthSpinning() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
    return !worker->in_flight.empty() && worker->bell.PeerRunsElsewhere();
  });
}

void Engine::RunDispatcher() {
  std::unique_lock<std::mutex> lock(mu_);
  while (true) {
    driver_left_.wait(lock, [this] { return driver_ == Driver::kNone; });
    if (state_ == State::kEnded) break;
    driver_ = Driver::kDispatcher;
    bell_.word().NoteCpu();
    const bool goes_on = TakeTurn();
    announced_ = true;
    const uint32_t ticket = bell_.word().Announce();
    if (goes_on) PutWhatFits();
    driver_ = Driver::kNone;
    if (!goes_on) {
      state_ = State::kEnded;
      ended_.notify_all();
      break;
    }
    SleepOnBell(lock, ticket);
  }
  supervisor_wakeup_->Set();
}

// What callers change, they change under the lock: until it is released nothing can be missed.
void Engine::SleepOnBell(std::unique_lock<std::mutex>& lock, uint32_t ticket) {
  dispatcher_deadline_ = NextDeadline();
  const platform::Deadline deadline = dispatcher_deadline_;
  const bool worth_spinning = WorthSpinning();
  dispatcher_sleeps_ = true;
  lock.unlock();
  for (int i = 0; worth_spinning && i < kSpinsOfPool && !helped_.load(std::memory_order_relaxed) && !AnythingToDo(); ++i) {
  }
  if (helped_.load() || !AnythingToDo()) bell_.word().Sleep(ticket, deadline);
  lock.lock();
  dispatcher_sleeps_ = false;
  Withdraw();
}

// A caller drives while the dispatcher sleeps on. It takes the announcement off the bell, so that workers
// don't ring, and puts it back when it leaves: whatever was told in between wakes the dispatcher then,
// which may be about to fall asleep, with the ticket of before. While nobody has anything to tell
// (IsQuiet) the announcement stays off; engine_apply.cc tells why nothing is missed.
void Engine::Help(absl::FunctionRef<bool()> ready) {
  std::unique_lock<std::mutex> lock(mu_);
  BeginHelp();
  if (helper_ != std::this_thread::get_id()) return;
  bool goes_on = state_ != State::kEnded && TakeTurn();
  while (goes_on && !ready() && SpinForMore(lock)) goes_on = TakeTurn();
  EndHelp(goes_on);
}

void Engine::EndHelp(bool goes_on) {
  const bool quiet = goes_on && IsQuiet();
  if (quiet) idle_since_.reset();
  if (dispatcher_sleeps_ && !quiet) {
    Announce();
    if (goes_on) PutWhatFits();
  }
  helper_ = {};
  helped_.store(false, std::memory_order_release);
  driver_ = Driver::kNone;
  if (!quiet) HandBack(!goes_on || SleepsTooLong());
}

// This thread drives from now on, if nobody does.
void Engine::BeginHelp() {
  if (driver_ != Driver::kNone || state_ == State::kEnded) return;
  driver_ = Driver::kCaller;
  helper_ = std::this_thread::get_id();
  helped_.store(true, std::memory_order_release);
  Withdraw();
  bell_.word().NoteCpu();
}

void Engine::Announce() {
  if (std::exchange(announced_, true)) return;
  bell_.word().Announce();
}

void Engine::Withdraw() {
  if (std::exchange(announced_, false)) bell_.word().Withdraw();
}

// False when nothing was told for so long that sleeping costs less.
bool Engine::SpinForMore(std::unique_lock<std::mutex>& lock) {
  const bool worth_spinning = WorthSpinning();
  lock.unlock();
  bool more = AnythingToDo();
  for (int i = 0; worth_spinning && i < kSpinsOfPool && !more; ++i) more = AnythingToDo();
  lock.lock();
  return more;
}

void Engine::HandBack(bool turn_due) {
  if (!dispatcher_sleeps_) return driver_left_.notify_one();
  if (turn_due || AnythingToDo()) bell_.word().Wake();
}

void Engine::NoteEnds(
    absl::Span<const std::pair<size_t, std::shared_ptr<detail::Child>>> watched) {
  for (const auto& [index, child] : watched) {
    if (!child->exit_status()) continue;
    std::optional<CrashReport> crash = child->crash_report();  // looks up names: may take its time
    std::lock_guard<std::mutex> lock(mu_);
    workers_[index]->gone = true;
    workers_[index]->crash = std::move(crash);
    WakeDispatcher();
  }
}

Engine::Watched Engine::Look() {
  Watched watched;
  watched.handles.push_back(supervisor_wakeup_->handle());
  std::lock_guard<std::mutex> lock(mu_);
  watched.ended = state_ == State::kEnded;
  watched.all_started = state_ != State::kOpen && (state_ != State::kClosing || open_ == 0);
  if (template_ != nullptr && template_->sentinel() != platform::kNoHandle) {
    watched.handles.push_back(template_->sentinel());
  }
  for (const auto& worker : workers_) {
    if (worker->child != nullptr && !worker->gone) {
      watched.children.emplace_back(worker->index, worker->child);
      watched.handles.push_back(worker->child->sentinel());
    }
    if (worker->life == Life::kAbsent && worker->wanted && !watched.all_started && !watched.to_start) {
      watched.to_start = worker->index;
    }
  }
  if (!watched.to_start) return watched;
  const absl::Duration pause = std::max(retry_start_ - absl::Now(), absl::ZeroDuration());
  watched.deadline = platform::Deadline::After(pause);
  if (pause > absl::ZeroDuration()) watched.to_start.reset();
  return watched;
}

// Its end takes as long as theirs: it is begun when the workers are told to leave. Not if it has made
// some of them, whose ends it may be the one to tell (platform/fork_server.h).
void Engine::LookAfterTemplate(const Watched& watched) {
  if (template_ == nullptr) return;
  if (watched.all_started && !template_->made_any()) template_->BeginEnd();
  template_->LookForEnd();
}

// One start at a time, with a look at who has ended in between.
void Engine::RunSupervisor() {
  while (true) {
    supervisor_wakeup_->Clear();
    const Watched watched = Look();
    LookAfterTemplate(watched);
    if (watched.ended) break;
    const auto ready = platform::WaitForAny(watched.handles, watched.deadline);
    if (!ready.ok() && !absl::IsDeadlineExceeded(ready.status())) Log::Error(ready.status());
    NoteEnds(watched.children);
    if (watched.to_start) (void)StartOne(*watched.to_start);
  }
  template_.reset();
}

}  // namespace progeny::internal
