// How a child comes to be: fork, spawn and forkserver differ at run time on one system, so they are strategies
// over the seam.
#ifndef PROGENY_INTERNAL_START_STRATEGY_H_
#define PROGENY_INTERNAL_START_STRATEGY_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/launch.h"
#include "platform/resource_limits.h"
#include "progeny/detail/entry.h"
#include "progeny/internal/child.h"
#include "progeny/internal/self.h"
#include "progeny/internal/slot.h"
#include "progeny/internal/stream_end.h"
#include "progeny/process_options.h"

namespace progeny::internal {

// Everything a start needs, checked and opened; lives as long as the call.
struct StartRequest {
  Identity identity;
  platform::ProcessSetup setup;
  platform::ResourceLimits limits;
  std::string executable;
  bool reports_crashes = false;
  Slot* slot = nullptr;
  detail::Task* task = nullptr;
  // The parent's ends of this child's streams: a forked child has inherited them, and must let go.
  std::vector<std::shared_ptr<detail::StreamEnd>> parent_ends;
};

class StartStrategy {
 public:
  virtual ~StartStrategy() = default;
  // Errors leave nothing behind. Under fork this does not return in the child.
  virtual absl::StatusOr<platform::ChildHandle> Start(const StartRequest& request) const = 0;
};

// Unimplemented, with the reason, for a method that this system lacks. The strategy is static.
absl::StatusOr<const StartStrategy*> StrategyFor(StartMethod method);

// What StartChild looks at before anything exists; the strategy for these options.
absl::StatusOr<const StartStrategy*> CheckedStrategy(const ProcessOptions& options);

// As StartChild, of options that have been checked, by another strategy than theirs.
absl::StatusOr<std::shared_ptr<detail::Child>> StartChildBy(const StartStrategy& strategy, ProcessOptions options,
                                                            detail::Task& task);

// The environment that `changes` make of this process's; nothing where there are none.
absl::StatusOr<std::optional<std::vector<std::string>>> ChangedEnvironment(const Environment& changes);

// A process that was started by progeny and has not reached its guard may start nothing.
absl::Status CheckHandOverTaken();

const StartStrategy& ForkStrategy();
const StartStrategy& SpawnStrategy();
const StartStrategy& ForkServerStrategy();

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_START_STRATEGY_H_
