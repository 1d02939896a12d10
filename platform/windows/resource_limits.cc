// The two limits that Windows knows belong to jobs. The child puts itself into a job of its own,
// inside whatever job it is in already; the job lives as long as the child, so no handle is kept.
#include "platform/resource_limits.h"

#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/handle.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr int64_t kTicksPerSecond = 10'000'000;  // 100 ns each
constexpr int64_t kMostSeconds = std::numeric_limits<int64_t>::max() / kTicksPerSecond;

absl::Status CheckOne(absl::string_view field, const std::optional<int64_t>& value) {
  if (!value.has_value() || *value >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " = ", *value, ": negative"));
}

absl::Status CheckUnknown(absl::string_view field, const std::optional<int64_t>& value) {
  if (!value.has_value()) return absl::OkStatus();
  if (absl::Status status = CheckOne(field, value); !status.ok()) return status;
  return absl::UnimplementedError(
      absl::StrCat(field, ": Windows has no such limit; leave it unset"));
}

JOBOBJECT_EXTENDED_LIMIT_INFORMATION ForJob(const ResourceLimits& limits) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION job = {};
  if (limits.address_space.has_value()) {
    job.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
    job.ProcessMemoryLimit = static_cast<SIZE_T>(*limits.address_space);
  }
  if (limits.cpu_seconds.has_value()) {
    job.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME;
    job.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart =
        *limits.cpu_seconds * kTicksPerSecond;
  }
  return job;
}

}  // namespace

absl::Status CheckResourceLimits(const ResourceLimits& limits) {
  absl::Status status = CheckOne("limits.address_space", limits.address_space);
  if (status.ok()) status = CheckOne("limits.cpu_seconds", limits.cpu_seconds);
  if (status.ok() && limits.cpu_seconds.value_or(0) > kMostSeconds) {
    status = absl::InvalidArgumentError(absl::StrCat(
        "limits.cpu_seconds = ", *limits.cpu_seconds, ": Windows counts no further than ",
        kMostSeconds));
  }
  if (status.ok()) status = CheckUnknown("limits.open_files", limits.open_files);
  if (status.ok()) status = CheckUnknown("limits.core_size", limits.core_size);
  return status;
}

absl::Status ApplyResourceLimits(const ResourceLimits& limits) {
  if (absl::Status status = CheckResourceLimits(limits); !status.ok()) return status;
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION job_limits = ForJob(limits);
  if (job_limits.BasicLimitInformation.LimitFlags == 0) return absl::OkStatus();
  const HANDLE job = CreateJobObjectW(nullptr, nullptr);
  if (job == nullptr) return LastOsError("limit this process by", "a new job");
  const Handle owner(FromHandle(job));
  if (!SetInformationJobObject(job, JobObjectExtendedLimitInformation, &job_limits,
                               sizeof job_limits)) {
    return LastOsError("limit this process by", "limits.address_space, limits.cpu_seconds");
  }
  if (!AssignProcessToJobObject(job, GetCurrentProcess())) {
    return LastOsError("limit this process by", "entering a job");
  }
  return absl::OkStatus();
}

}  // namespace progeny::platform
