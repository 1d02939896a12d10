// Which CPU a pool's worker is kept on.
#ifndef PROGENY_INTERNAL_POOL_PINNING_H_
#define PROGENY_INTERNAL_POOL_PINNING_H_

#include <cstddef>

#include "absl/status/status.h"
#include "progeny/pool_options.h"

namespace progeny::internal {

inline constexpr int kAnyCpu = -1;

// Unimplemented where nobody can be kept on a CPU.
absl::Status CheckPinning(CpuPinning pinning);

// For the worker with this index; kAnyCpu: it isn't kept. Thread-safe.
int CpuFor(CpuPinning pinning, size_t worker);

// In the worker, before its first task. What the system refuses (the CPU may have gone meanwhile)
// is logged: the worker is as good without.
void StayOn(int cpu);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_PINNING_H_
