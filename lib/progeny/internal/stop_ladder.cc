#include "progeny/internal/stop_ladder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "platform/wait_set.h"
#include "progeny/internal/child.h"

namespace progeny::internal {
namespace {

// After SIGKILL only the kernel keeps a child (a device that doesn't answer).
constexpr absl::Duration kKernelsTime = absl::Seconds(30);

absl::Status Act(detail::Child& child, StopStep::Kind kind) {
  switch (kind) {
    case StopStep::Kind::kRequest:
      return child.RequestStop();
    case StopStep::Kind::kInterrupt:
      return child.Interrupt();
    case StopStep::Kind::kTerminate:
      return child.Terminate();
    case StopStep::Kind::kKill:
      return child.Kill();
  }
  return absl::OkStatus();
}

platform::Deadline Sooner(platform::Deadline a, platform::Deadline b) {
  return a.Remaining() < b.Remaining() ? a : b;
}

// Until somebody may have ended or a step is over; false once nothing can be gained by waiting.
bool Wait(const std::vector<Climb>& climbs, platform::Deadline deadline, NativeHandle hurry) {
  std::vector<NativeHandle> handles;
  bool all_given_up = true;
  for (const Climb& climb : climbs) {
    handles.push_back(climb.sentinel());
    all_given_up = all_given_up && climb.at_end() && climb.due().passed();
    deadline = climb.at_end() && climb.due().passed() ? deadline : Sooner(deadline, climb.due());
  }
  if (all_given_up) return false;
  if (hurry != platform::kNoHandle) handles.push_back(hurry);
  (void)platform::WaitForAny(handles, deadline);
  return true;
}

bool IsReady(NativeHandle handle) {
  if (handle == platform::kNoHandle) return false;
  return platform::WaitForAny({&handle, 1}, platform::Deadline::After(absl::ZeroDuration())).ok();
}

}  // namespace

bool Climb::ended() const { return child_->exit_status().has_value(); }
platform::NativeHandle Climb::sentinel() const { return child_->sentinel(); }

void Climb::Go(size_t step) {
  step_ = step;
  (void)Act(*child_, (*ladder_)[step].kind);
  due_ = platform::Deadline::After((*ladder_)[step].time);
}

absl::Status CheckLadder(const ProcessOptions& options) {
  const StopLadder& stop = options.stop;
  const std::pair<absl::string_view, std::optional<absl::Duration>> times[] = {
      {"grace", options.grace},
      {"stop.request", stop.request},
      {"stop.interrupt", stop.interrupt},
      {"stop.terminate", stop.terminate}};
  for (const auto& [field, time] : times) {
    if (!time || *time >= absl::ZeroDuration()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": ", absl::FormatDuration(*time), " is negative"));
  }
  return absl::OkStatus();
}

std::vector<StopStep> LadderOf(const ProcessOptions& options) {
  using Kind = StopStep::Kind;
  const StopLadder& stop = options.stop;
  std::vector<StopStep> ladder{{Kind::kRequest, stop.request.value_or(absl::ZeroDuration())}};
  if (stop.interrupt) ladder.push_back({Kind::kInterrupt, *stop.interrupt});
  ladder.push_back({Kind::kTerminate, stop.terminate.value_or(options.grace)});
  ladder.push_back({Kind::kKill, kKernelsTime});
  return ladder;
}

void ClimbAll(const std::vector<Climber>& climbers, platform::Deadline deadline, NativeHandle hurry) {
  std::vector<Climb> climbs;
  climbs.reserve(climbers.size());
  for (const Climber& climber : climbers) climbs.emplace_back(*climber.child, climber.ladder);
  bool hurried = false;
  size_t running = 0;
  while (true) {
    std::erase_if(climbs, [](const Climb& climb) { return climb.ended(); });
    if (climbs.empty()) return;
    // A sentinel that was ready and nobody who has ended: it is a hint only, or a moment early.
    if (std::exchange(running, climbs.size()) == climbs.size()) absl::SleepFor(absl::Milliseconds(1));
    if (!hurried && (deadline.passed() || IsReady(hurry))) {
      hurried = true;
      for (Climb& climb : climbs) climb.GoToEnd();
    }
    for (Climb& climb : climbs) climb.GoOn();
    const bool waited = hurried ? Wait(climbs, platform::Deadline::Infinite(), platform::kNoHandle)
                                : Wait(climbs, deadline, hurry);
    if (!waited) return;
  }
}

}  // namespace progeny::internal
