// Bringing children to their end, step by step, several of them side by side.
#ifndef PROGENY_INTERNAL_STOP_LADDER_H_
#define PROGENY_INTERNAL_STOP_LADDER_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "platform/deadline.h"
#include "platform/handle.h"
#include "progeny/process_options.h"

namespace progeny::detail {
class Child;
}

namespace progeny::internal {

struct StopStep {
  enum class Kind { kRequest, kInterrupt, kTerminate, kKill };
  Kind kind;
  absl::Duration time;  // until the next step
};

// InvalidArgument that names the field which is negative.
absl::Status CheckLadder(const ProcessOptions& options);

// The steps in their order; kKill is the last.
std::vector<StopStep> LadderOf(const ProcessOptions& options);

// One child's way up, for whoever has other things to do meanwhile: GoOn does what is due by now, and
// never waits. The first step is taken at once. The child and the ladder are borrowed.
class Climb {
 public:
  Climb(detail::Child& child, const std::vector<StopStep>& ladder) : child_(&child), ladder_(&ladder) { Go(0); }

  bool ended() const;
  platform::NativeHandle sentinel() const;
  bool at_end() const { return step_ + 1 == ladder_->size(); }
  platform::Deadline due() const { return due_; }

  void GoOn() {
    while (due_.passed() && !at_end()) Go(step_ + 1);
  }
  void GoToEnd() {
    if (!at_end()) Go(ladder_->size() - 1);
  }

 private:
  void Go(size_t step);

  detail::Child* child_;
  const std::vector<StopStep>* ladder_;
  size_t step_ = 0;
  platform::Deadline due_ = platform::Deadline::Infinite();
};

struct Climber {
  detail::Child* child;  // borrowed
  std::vector<StopStep> ladder;
};

// Returns once all have ended, or were killed and the kernel had some seconds for it, or stand on a
// step that never ends. When the deadline passes, or `hurry` becomes ready, all go to their last
// step at once.
void ClimbAll(const std::vector<Climber>& climbers, platform::Deadline deadline,
              platform::NativeHandle hurry = platform::kNoHandle);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_STOP_LADDER_H_
