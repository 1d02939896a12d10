#include "platform/affinity.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "platform/error.h"

namespace progeny::platform {
namespace {

constexpr int kFewCpus = 1024;
constexpr int kMostCpus = 1 << 20;

class CpuSet {
 public:
  explicit CpuSet(int cpus) : cpus_(cpus), set_(CPU_ALLOC(cpus)) { CPU_ZERO_S(bytes(), set_); }
  ~CpuSet() { CPU_FREE(set_); }
  CpuSet(const CpuSet&) = delete;
  CpuSet& operator=(const CpuSet&) = delete;

  size_t bytes() const { return CPU_ALLOC_SIZE(cpus_); }
  cpu_set_t* get() { return set_; }
  void Add(int cpu) { CPU_SET_S(static_cast<size_t>(cpu), bytes(), set_); }
  std::vector<int> Members() const {
    std::vector<int> members;
    for (int cpu = 0; cpu < cpus_; ++cpu) {
      if (CPU_ISSET_S(static_cast<size_t>(cpu), bytes(), set_)) members.push_back(cpu);
    }
    return members;
  }

 private:
  const int cpus_;
  cpu_set_t* const set_;
};

}  // namespace

absl::StatusOr<std::vector<int>> AllowedCpus() {
  // The kernel refuses (EINVAL) a set smaller than its own, whose size it doesn't tell.
  for (int room = kFewCpus; room <= kMostCpus; room *= 4) {
    CpuSet set(room);
    if (sched_getaffinity(0, set.bytes(), set.get()) == 0) return set.Members();
    if (errno != EINVAL) break;
  }
  return LastOsError("ask which CPUs are allowed", "");
}

absl::Status RunOnlyOn(int cpu) {
  if (cpu < 0 || cpu >= kMostCpus) {
    return absl::InvalidArgumentError(absl::StrCat("run on CPU ", cpu, ": there is no such CPU"));
  }
  CpuSet set(std::max(cpu + 1, kFewCpus));
  set.Add(cpu);
  if (sched_setaffinity(0, set.bytes(), set.get()) == 0) return absl::OkStatus();
  return WithNextStep(LastOsError("run on one CPU alone", absl::StrCat("CPU ", cpu)),
                      "take one of AllowedCpus()");
}

}  // namespace progeny::platform
