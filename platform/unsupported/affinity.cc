#include "platform/affinity.h"

namespace progeny::platform {

absl::StatusOr<std::vector<int>> AllowedCpus() {
  return absl::UnimplementedError(
      "ask which CPUs are allowed: not ported to this operating system");
}

absl::Status RunOnlyOn(int) {
  return absl::UnimplementedError("run on one CPU alone: not ported to this operating system");
}

}  // namespace progeny::platform
