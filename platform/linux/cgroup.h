// How much the control groups around this process grant it: CPU, memory, processes.
//
// A container's quota (docker --cpus=2, a pod's limit) is not seen by affinity: a program that
// starts one worker per visible CPU there is throttled most of the time. Where this process
// stands is in /proc/self/cgroup, where the trees are mounted in /proc/self/mountinfo; every
// ancestor may set a quota of its own, and the tightest counts.
//
// Any of these files may be missing, empty or masked: what can't be read sets no limit.
#ifndef PROGENY_PLATFORM_LINUX_CGROUP_H_
#define PROGENY_PLATFORM_LINUX_CGROUP_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace progeny::platform {

// CPUs granted, for instance 1.5; absent: no quota. `root` is put before every path: "" on a real
// system, a directory with an imitation of /proc and /sys in a test.
std::optional<double> CgroupCpuQuota(const std::string& root);

// A file that holds one number, by its names in cgroup v2 and v1.
struct CgroupFile {
  absl::string_view controller;  // "memory"
  absl::string_view unified;     // "memory.max"
  absl::string_view legacy;      // "memory.limit_in_bytes"
};

// The tightest limit of this process's group and its ancestors; absent: none.
std::optional<int64_t> CgroupLimit(const std::string& root, const CgroupFile& file);

// The text of cpu.max ("150000 100000", "max 100000").
std::optional<double> ParseCpuMax(absl::string_view text);

// The texts of cpu.cfs_quota_us ("150000", "-1": none) and cpu.cfs_period_us.
std::optional<double> ParseCfsQuota(absl::string_view quota, absl::string_view period);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_CGROUP_H_
