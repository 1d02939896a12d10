#include "progeny/memory_usage.h"

#include "platform/memory_usage.h"

namespace progeny {

absl::StatusOr<MemoryUsage> GetMemoryUsage(ProcessId process_id) {
  const absl::StatusOr<platform::MemoryUsage> told = platform::GetMemoryUsage(process_id);
  if (!told.ok()) return told.status();
  return MemoryUsage{.resident = told->resident,
                     .proportional = told->proportional,
                     .unique = told->unique,
                     .shared = told->shared,
                     .copied = told->copied,
                     .swapped = told->swapped};
}

absl::StatusOr<SystemMemory> GetSystemMemory() {
  const absl::StatusOr<platform::SystemMemory> told = platform::GetSystemMemory();
  if (!told.ok()) return told.status();
  return SystemMemory{.total = told->total, .available = told->available};
}

}  // namespace progeny
