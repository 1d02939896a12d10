#include <sys/resource.h>

#include "platform/posix/resource_limits.h"

namespace progeny::platform {

std::span<const LimitKind> LimitKinds() {
  static constexpr LimitKind kKinds[] = {
      {"limits.address_space", &ResourceLimits::address_space, RLIMIT_AS},
      {"limits.cpu_seconds", &ResourceLimits::cpu_seconds, RLIMIT_CPU},
      {"limits.open_files", &ResourceLimits::open_files, RLIMIT_NOFILE},
      {"limits.core_size", &ResourceLimits::core_size, RLIMIT_CORE},
  };
  return kKinds;
}

}  // namespace progeny::platform
