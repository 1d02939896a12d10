#include "platform/machine.h"

#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

void AddJob(std::vector<MachineFact>& facts) {
  MachineFact job{.topic = "limits", .name = "job", .value = "none", .number = {}, .warning = ""};
  BOOL in_job = FALSE;
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
  if (!IsProcessInJob(GetCurrentProcess(), nullptr, &in_job)) return;
  if (in_job) job.value = "this process is in one";
  facts.push_back(job);
  if (!in_job || !QueryInformationJobObject(nullptr, JobObjectExtendedLimitInformation, &limits,
                                            sizeof limits, nullptr)) {
    return;
  }
  const DWORD flags = limits.BasicLimitInformation.LimitFlags;
  if ((flags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS) != 0) {
    facts.push_back({.topic = "limits",
                     .name = "processes in the job",
                     .value = "",
                     .number = limits.BasicLimitInformation.ActiveProcessLimit,
                     .unit = MachineFact::Unit::kCount,
                     .warning = "starts fail beyond it"});
  }
  if ((flags & JOB_OBJECT_LIMIT_JOB_MEMORY) != 0) {
    facts.push_back({.topic = "memory",
                     .name = "memory of the job",
                     .value = "",
                     .number = static_cast<int64_t>(limits.JobMemoryLimit),
                     .unit = MachineFact::Unit::kBytes,
                     .warning = "committed memory beyond it fails"});
  }
}

}  // namespace

std::vector<MachineFact> MachineFacts() {
  std::vector<MachineFact> facts;
  MEMORYSTATUSEX memory = {};
  memory.dwLength = sizeof memory;
  if (GlobalMemoryStatusEx(&memory)) {
    facts.push_back({.topic = "memory",
                     .name = "commit limit",
                     .value = "",
                     .number = static_cast<int64_t>(memory.ullTotalPageFile),
                     .unit = MachineFact::Unit::kBytes,
                     .warning = ""});
    facts.push_back({.topic = "memory",
                     .name = "commit left",
                     .value = "",
                     .number = static_cast<int64_t>(memory.ullAvailPageFile),
                     .unit = MachineFact::Unit::kBytes,
                     .warning = ""});
  }
  AddJob(facts);
  facts.push_back({.topic = "cpu",
                   .name = "online",
                   .value = "",
                   .number = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS),
                   .unit = MachineFact::Unit::kCount,
                   .warning = ""});
  return facts;
}

}  // namespace progeny::platform
