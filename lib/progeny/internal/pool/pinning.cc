#include "progeny/internal/pool/pinning.h"

#include <vector>

#include "absl/status/statusor.h"
#include "platform/affinity.h"
#include "progeny/log.h"

namespace progeny::internal {

absl::Status CheckPinning(CpuPinning pinning) {
  if (pinning == CpuPinning::kNone) return absl::OkStatus();
  return platform::AllowedCpus().status();
}

// Asked anew for each worker: the set may have changed since the pool was made.
int CpuFor(CpuPinning pinning, size_t worker) {
  if (pinning == CpuPinning::kNone) return kAnyCpu;
  const absl::StatusOr<std::vector<int>> cpus = platform::AllowedCpus();
  if (!cpus.ok() || cpus->empty()) return kAnyCpu;
  return (*cpus)[worker % cpus->size()];
}

void StayOn(int cpu) {
  if (cpu == kAnyCpu) return;
  if (absl::Status status = platform::RunOnlyOn(cpu); !status.ok()) Log::Error(status);
}

}  // namespace progeny::internal
