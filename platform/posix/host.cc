#include "platform/host.h"

#include <time.h>
#include <unistd.h>

namespace progeny::platform {

int64_t PageSize() { return sysconf(_SC_PAGESIZE); }

std::optional<absl::Duration> ThreadCpuTime() {
  timespec used{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) != 0) return std::nullopt;
  return absl::DurationFromTimespec(used);
}

int64_t CurrentProcessId() { return getpid(); }

}  // namespace progeny::platform
