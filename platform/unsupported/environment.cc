#include "platform/environment.h"

#include "absl/status/status.h"

namespace progeny::platform {

absl::StatusOr<std::vector<std::string>> EnvironmentWith(absl::Span<const EnvironmentChange>) {
  return absl::UnimplementedError("change the environment: not ported to this operating system");
}

}  // namespace progeny::platform
