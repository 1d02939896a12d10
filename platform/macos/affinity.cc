#include "platform/affinity.h"

namespace progeny::platform {

// thread_policy_set knows affinity tags at most, hints for threads of one process, and not on Apple
// silicon.
absl::StatusOr<std::vector<int>> AllowedCpus() {
  return absl::UnimplementedError("ask which CPUs are allowed: macOS restricts no process to some");
}

absl::Status RunOnlyOn(int) {
  return absl::UnimplementedError(
      "run on one CPU alone: macOS lets no program choose where it runs; leave pinning off");
}

}  // namespace progeny::platform
