#include "platform/host.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "platform/linux/cgroup.h"

namespace progeny::platform {
namespace {

// The kernel refuses (EINVAL) a set smaller than its own, whose size it doesn't tell.
int CpusByAffinity() {
  constexpr int kMostCpus = 1 << 20;
  for (int room = 1024; room <= kMostCpus; room *= 4) {
    cpu_set_t* const set = CPU_ALLOC(room);
    if (set == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(room);
    const bool told = sched_getaffinity(0, bytes, set) == 0;
    const bool too_small = !told && errno == EINVAL;
    const int count = told ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (told) return count;
    if (!too_small) break;
  }
  return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

int UsableCpus() {
  int cpus = CpusByAffinity();
  const std::optional<double> quota = CgroupCpuQuota("");
  // Half a CPU still is worth one worker.
  if (quota.has_value()) cpus = static_cast<int>(std::min<double>(cpus, std::ceil(*quota)));
  return std::max(1, cpus);
}

std::string OsName() {
  utsname name;
  return uname(&name) == 0 ? absl::StrCat("Linux ", name.release) : "Linux";
}

}  // namespace progeny::platform
