#include "platform/memory_usage.h"

#include "absl/status/status.h"

namespace progeny::platform {

absl::StatusOr<MemoryUsage> GetMemoryUsage(int64_t) {
  return absl::UnimplementedError("read memory usage: not ported to this operating system");
}

absl::StatusOr<SystemMemory> GetSystemMemory() {
  return absl::UnimplementedError("read the system's memory: not ported to this operating system");
}

}  // namespace progeny::platform
