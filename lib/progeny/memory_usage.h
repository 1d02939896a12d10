// What processes cost in memory.
//
// Resident memory alone misleads: it counts in full every page that a process shares with others,
// so four forked children beside a 1 GiB table seem to take 4 GiB and take next to nothing.
//
//     absl::StatusOr<progeny::MemoryUsage> usage = progeny::GetMemoryUsage(child.id());
//     if (usage.ok() && usage->unique) std::cout << *usage->unique << " bytes of its own\n";
//
// Everything here is thread-safe and in bytes.
#ifndef PROGENY_MEMORY_USAGE_H_
#define PROGENY_MEMORY_USAGE_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "progeny/this_process.h"

namespace progeny {

// A value. A figure that the OS can't tell is absent, never made up:
//   Linux    all of them; without page monitoring in the kernel only `resident`.
//   Windows  resident, unique, shared, copied, where looking at the process's pages is permitted,
//            else only `resident`. `unique` is the private working set: a section that one process
//            alone has mapped counts as shared. `copied` is the same number.
//   macOS    this process: all but `proportional`. Other processes: `resident`.
// Huge pages from a reserved pool are in none of the figures. Those of a process that runs need not
// belong to one instant.
struct MemoryUsage {
  std::optional<int64_t> resident = {};      // RSS: shared pages counted in full
  std::optional<int64_t> proportional = {};  // PSS: shared pages divided among their users
  std::optional<int64_t> unique = {};        // USS: what ending this process would free
  std::optional<int64_t> shared = {};        // resident - unique
  // Private and written: an upper bound of what copy-on-write has cost. Memory that the process
  // took for itself counts too, and so do pages whose other users have ended since.
  std::optional<int64_t> copied = {};
  std::optional<int64_t> swapped = {};       // of its memory, what lies in swap or is compressed
};

// Of any process that the caller may look at: itself, its children, its user's processes. The
// kernel walks the page tables of the process meanwhile: some 20 ms per GiB on Linux.
//
// NotFound, naming the id: no such process, or it has ended (joined or not). PermissionDenied:
// another user's. InvalidArgument: the id isn't positive. Unimplemented: no port for this OS.
// The id of a process that was joined may belong to another one by now; Process::Memory() can't
// mistake it.
absl::StatusOr<MemoryUsage> GetMemoryUsage(ProcessId process_id = this_process::id());

// Of the machine. `available` is what programs could still take without swapping: free memory, and
// caches that the OS would give up. A container's own limit is not seen yet.
struct SystemMemory {
  int64_t total = 0;
  int64_t available = 0;
};

absl::StatusOr<SystemMemory> GetSystemMemory();

}  // namespace progeny

#endif  // PROGENY_MEMORY_USAGE_H_
