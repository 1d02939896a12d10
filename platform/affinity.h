// Which CPUs this process may run on, and keeping it on one of them.
//
// A CPU's number is the system's own (Windows: 64 times its group, plus its place in there).
// Affinity is not inherited upwards: what a child does to itself stays with it and its own
// children. Thread-safe.
//
// Linux and Windows (Capabilities().affinity). macOS lets no program say where it runs: Unimplemented.
#ifndef PROGENY_PLATFORM_AFFINITY_H_
#define PROGENY_PLATFORM_AFFINITY_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace progeny::platform {

// Ascending, at least one.
// Linux: of the calling thread, within its cpuset. Windows: of the process.
absl::StatusOr<std::vector<int>> AllowedCpus();

// From now on the calling thread, and each that it starts, runs on this CPU alone. For a process
// that has one thread. InvalidArgument for a number that is no CPU's, or one that is not allowed
// here.
absl::Status RunOnlyOn(int cpu);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_AFFINITY_H_
