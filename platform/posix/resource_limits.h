// setrlimit, shared by Linux and macOS; which limits an OS really enforces is its own table.
#ifndef PROGENY_PLATFORM_POSIX_RESOURCE_LIMITS_H_
#define PROGENY_PLATFORM_POSIX_RESOURCE_LIMITS_H_

#include <cstdint>
#include <optional>
#include <span>

#include "platform/resource_limits.h"

namespace progeny::platform {

struct LimitKind {
  const char* field;                                // "limits.open_files"
  std::optional<int64_t> ResourceLimits::*value;
  int resource;                                     // RLIMIT_NOFILE
  const char* not_enforced = nullptr;               // why this OS can't, or nullptr
};

// One row per field. Constant data: also good between fork and the child's entry.
std::span<const LimitKind> LimitKinds();

// What ApplyResourceLimits does, without locks and allocations, for a child that has just been
// forked: 0, or errno with the refused row in `failed`.
int ApplyResourceLimitsRaw(const ResourceLimits& limits, const LimitKind** failed);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_RESOURCE_LIMITS_H_
