#include "platform/affinity.h"

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr int kGroupSize = 64;

std::vector<int> Members(int group, KAFFINITY mask) {
  std::vector<int> members;
  for (int place = 0; place < kGroupSize; ++place) {
    if ((mask >> place & 1U) != 0) members.push_back(group * kGroupSize + place);
  }
  return members;
}

// A process that runs in several groups is confined to none of their CPUs.
std::vector<int> AllOf(const std::vector<USHORT>& groups) {
  std::vector<int> all;
  for (const USHORT group : groups) {
    const int active = static_cast<int>(GetActiveProcessorCount(group));
    for (int place = 0; place < active; ++place) all.push_back(group * kGroupSize + place);
  }
  return all;
}

std::vector<USHORT> Groups() {
  USHORT count = 0;
  GetProcessGroupAffinity(GetCurrentProcess(), &count, nullptr);  // only the number is wanted
  std::vector<USHORT> groups(count);
  if (count == 0 || !GetProcessGroupAffinity(GetCurrentProcess(), &count, groups.data()))
    return {0};
  return groups;
}

}  // namespace

absl::StatusOr<std::vector<int>> AllowedCpus() {
  const std::vector<USHORT> groups = Groups();
  if (groups.size() > 1) return AllOf(groups);
  DWORD_PTR mine = 0;
  DWORD_PTR everybodys = 0;
  if (!GetProcessAffinityMask(GetCurrentProcess(), &mine, &everybodys)) {
    return LastOsError("ask which CPUs are allowed", "");
  }
  return Members(groups[0], mine);
}

absl::Status RunOnlyOn(int cpu) {
  if (cpu < 0 || cpu >= kGroupSize * GetActiveProcessorGroupCount()) {
    return absl::InvalidArgumentError(absl::StrCat("run on CPU ", cpu, ": there is no such CPU"));
  }
  const std::vector<USHORT> groups = Groups();
  const auto group = static_cast<USHORT>(cpu / kGroupSize);
  const KAFFINITY mask = KAFFINITY{1} << (cpu % kGroupSize);
  BOOL done = FALSE;
  if (groups.size() == 1 && groups[0] == group) {
    done = SetProcessAffinityMask(GetCurrentProcess(), mask);  // threads to come included
  } else {
    GROUP_AFFINITY affinity = {};
    affinity.Group = group;
    affinity.Mask = mask;
    done = SetThreadGroupAffinity(GetCurrentThread(), &affinity, nullptr);
  }
  if (done) return absl::OkStatus();
  return WithNextStep(LastOsError("run on one CPU alone", absl::StrCat("CPU ", cpu)),
                      "take one of AllowedCpus()");
}

}  // namespace progeny::platform
