// How much CPU the control groups around this process grant it.
//
// A container's quota (docker --cpus=2, a pod's limit) is not seen by affinity: a program that
// starts one worker per visible CPU there is throttled most of the time. Where this process
// stands is in /proc/self/cgroup, where the trees are mounted in /proc/self/mountinfo; every
// ancestor may set a quota of its own, and the tightest counts.
//
// Any of these files may be missing, empty or masked: what can't be read sets no limit.
#ifndef PROGENY_PLATFORM_LINUX_CGROUP_H_
#define PROGENY_PLATFORM_LINUX_CGROUP_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace progeny::platform {

// CPUs granted, for instance 1.5; absent: no quota. `root` is put before every path: "" on a real
// system, a directory with an imitation of /proc and /sys in a test.
std::optional<double> CgroupCpuQuota(const std::string& root);

// The text of cpu.max ("150000 100000", "max 100000").
std::optional<double> ParseCpuMax(absl::string_view text);

// The texts of cpu.cfs_quota_us ("150000", "-1": none) and cpu.cfs_period_us.
std::optional<double> ParseCfsQuota(absl::string_view quota, absl::string_view period);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_CGROUP_H_
