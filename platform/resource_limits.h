// Ceilings for one process: checked in the parent, put in place by the child itself.
//
// The parent calls CheckResourceLimits before it makes a process, so that a limit which can't work
// is an answer of Start and no child exists. The child calls ApplyResourceLimits before user code.
// What the child starts later inherits its ceilings. A field that isn't set leaves what the parent
// has.
//
// Per OS: macOS does not enforce address_space: Unimplemented. Windows knows address_space
// (committed memory) and cpu_seconds (user time) only, through a job object that the child puts
// itself into.
#ifndef PROGENY_PLATFORM_RESOURCE_LIMITS_H_
#define PROGENY_PLATFORM_RESOURCE_LIMITS_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace progeny::platform {

struct ResourceLimits {
  std::optional<int64_t> address_space = {};  // bytes
  std::optional<int64_t> cpu_seconds = {};    // of CPU time, all threads together
  std::optional<int64_t> open_files = {};     // descriptors: the highest number + 1
  std::optional<int64_t> core_size = {};      // bytes; 0: no core file
};

// Whether a child of this process could apply `limits`. InvalidArgument, naming the field as
// "limits.<field>": a negative value, or one above this process's hard limit (privileged processes
// included, so that a program means the same for every user). Unimplemented: this OS has no such
// limit. Thread-safe; changes nothing.
absl::Status CheckResourceLimits(const ResourceLimits& limits);

// Limits the calling process, for good: soft and hard ceiling both. Allocates nothing when it
// succeeds. On an error, limits named before the failing one are in force.
absl::Status ApplyResourceLimits(const ResourceLimits& limits);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_RESOURCE_LIMITS_H_
