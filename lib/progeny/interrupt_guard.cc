// Races:
// * main returns, or calls exit(), because its children were ended by the interrupt: the process
//   would end with main's code. So whoever leaves waits, once an interrupt was heard, for the thread
//   that ends the process.
// * The guard ends just when an interrupt comes: the listener gives SIGINT back first; what was told
//   before that is still heard, as the thread looks once more before it ends.
// * A child is started while the ladder is climbed: it isn't on it, and ends with this process.
// * A forked child has a copy of all this, but not the thread: by its generation it leaves it alone.
#include "progeny/interrupt_guard.h"

#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "platform/fork_child.h"
#include "platform/interrupt.h"
#include "platform/wait_set.h"
#include "progeny/internal/child.h"
#include "progeny/internal/self.h"
#include "progeny/internal/stop_ladder.h"
#include "progeny/internal/thread_start.h"
#include "progeny/log.h"

namespace progeny {
namespace {

// The generation, and one, in which an interrupt was heard: the process is as good as ended.
std::atomic<uint64_t> ending_in{0};

void WaitIfEnding() {
  while (ending_in.load() == internal::ForkGeneration() + 1) absl::SleepFor(absl::Milliseconds(10));
}

// The child's ladder from where it stands once it was told, or is to be told now.
std::vector<internal::StopStep> LadderAfter(platform::Told told, const detail::Child& child) {
  using Kind = internal::StopStep::Kind;
  const bool knows = told == platform::Told::kWholeTerminal && platform::SharesTerminal(child.id());
  absl::Duration time = absl::ZeroDuration();
  std::optional<absl::Duration> to_interrupt;
  std::vector<internal::StopStep> rest;
  for (const internal::StopStep& step : child.ladder()) {
    if (step.kind == Kind::kRequest) time = step.time;
    if (step.kind == Kind::kInterrupt) to_interrupt = step.time;
    if (step.kind == Kind::kTerminate && !to_interrupt && time == absl::ZeroDuration()) time = step.time;
    if (step.kind == Kind::kTerminate || step.kind == Kind::kKill) rest.push_back(step);
  }
  time = to_interrupt.value_or(time);
  std::vector<internal::StopStep> ladder{{Kind::kRequest, knows ? time : absl::ZeroDuration()}};
  if (!knows) ladder.push_back({Kind::kInterrupt, time});
  ladder.insert(ladder.end(), rest.begin(), rest.end());
  return ladder;
}

[[noreturn]] void EndWithChildren(platform::Told told, platform::NativeHandle again) {
  ending_in.store(internal::ForkGeneration() + 1);
  const std::vector<std::shared_ptr<detail::Child>> children = detail::RunningChildren();
  std::vector<internal::Climber> climbers;
  for (const auto& child : children) climbers.push_back({child.get(), LadderAfter(told, *child)});
  internal::ClimbAll(climbers, platform::Deadline::Infinite(), again);
  platform::EndInterrupted();
}

}  // namespace

class InterruptGuard::Ear {
 public:
  Ear(platform::InterruptListener listener, platform::Wakeup quit)
      : listener_(std::move(listener)),
        quit_(std::move(quit)),
        generation_(internal::ForkGeneration()),
        thread_([this] { Listen(); }) {
    known_as_ours_.Await();  // a fork right after this is not to be warned of
  }

  static absl::StatusOr<std::unique_ptr<Ear>> Make() {
    absl::StatusOr<platform::InterruptListener> listener = platform::InterruptListener::Begin();
    if (!listener.ok()) return listener.status();
    absl::StatusOr<platform::Wakeup> quit = platform::Wakeup::Create();
    if (!quit.ok()) return quit.status();
    return std::make_unique<Ear>(*std::move(listener), *std::move(quit));
  }

  ~Ear() {
    WaitIfEnding();
    listener_.End();
    quit_.Set();
    thread_.join();
  }

  bool IsOurs() const { return generation_ == internal::ForkGeneration(); }

 private:
  void Listen() {
    platform::NoteThreadWork(platform::ThreadWork::kOwn);
    known_as_ours_.Begun();
    const platform::NativeHandle handle = listener_.handle();
    while (true) {
      const platform::NativeHandle handles[] = {handle, quit_.handle()};
      const auto ready = platform::WaitForAny(handles, platform::Deadline::Infinite());
      if (const auto told = listener_.Take()) EndWithChildren(*told, handle);
      if (!ready.ok()) Log::Error(ready.status());
      if (!ready.ok() || ready->back() == 1) break;
    }
    platform::NoteThreadWork(platform::ThreadWork::kPrograms);
  }

  platform::InterruptListener listener_;
  platform::Wakeup quit_;
  const uint64_t generation_;
  internal::ThreadStart known_as_ours_;
  std::thread thread_;
};

InterruptGuard::InterruptGuard() {
  absl::StatusOr<std::unique_ptr<Ear>> ear = Ear::Make();
  if (!ear.ok()) {
    Log::Error(ear.status());
    return;
  }
  static const int at_exit = std::atexit(&WaitIfEnding);
  (void)at_exit;
  ear_ = *std::move(ear);
}

// In a forked child the thread isn't there to be joined: what is left of it stays where it is.
InterruptGuard::~InterruptGuard() {
  if (ear_ != nullptr && !ear_->IsOurs()) (void)ear_.release();
}

}  // namespace progeny
