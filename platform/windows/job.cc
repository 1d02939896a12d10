#include "platform/windows/job.h"

#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

bool SetLimits(HANDLE job, DWORD flags) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
  limits.BasicLimitInformation.LimitFlags = flags;
  return SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
}

}  // namespace

absl::StatusOr<Handle> CreateLifetimeJob() {
  Handle job(FromHandle(CreateJobObjectW(nullptr, nullptr)));
  if (!job.valid()) return LastOsError("create a job object", "");
  if (!SetLimits(ToHandle(job.get()), JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)) {
    return LastOsError("make a job object end with this process", "");
  }
  return job;
}

absl::Status ReleaseFromLifetimeJob(NativeHandle job) {
  if (!SetLimits(ToHandle(job), 0)) return LastOsError("release a child from its job object", "");
  return absl::OkStatus();
}

}  // namespace progeny::platform
