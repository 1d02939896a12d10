#include "platform/host.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "platform/affinity.h"
#include "platform/linux/cgroup.h"

namespace progeny::platform {
namespace {

int CpusByAffinity() {
  const absl::StatusOr<std::vector<int>> allowed = AllowedCpus();
  return static_cast<int>(allowed.ok() ? allowed->size() : sysconf(_SC_NPROCESSORS_ONLN));
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
