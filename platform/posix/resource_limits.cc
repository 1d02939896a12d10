#include "platform/posix/resource_limits.h"

#include <sys/resource.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"

namespace progeny::platform {
namespace {

absl::Status CheckOne(const LimitKind& kind, int64_t value) {
  if (value < 0) {
    return absl::InvalidArgumentError(absl::StrCat(kind.field, " = ", value, ": negative"));
  }
  if (kind.not_enforced != nullptr) {
    return absl::UnimplementedError(absl::StrCat(kind.field, ": ", kind.not_enforced));
  }
  rlimit now;
  if (getrlimit(kind.resource, &now) != 0) return LastOsError("getrlimit", kind.field);
  if (now.rlim_max != RLIM_INFINITY && static_cast<rlim_t>(value) > now.rlim_max) {
    return absl::InvalidArgumentError(
        absl::StrCat(kind.field, " = ", value, ": above this process's hard limit ", now.rlim_max,
                     "; ask for less, or raise it before this program starts"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckResourceLimits(const ResourceLimits& limits) {
  for (const LimitKind& kind : LimitKinds()) {
    const std::optional<int64_t>& value = limits.*kind.value;
    if (!value.has_value()) continue;
    if (absl::Status status = CheckOne(kind, *value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

int ApplyResourceLimitsRaw(const ResourceLimits& limits, const LimitKind** failed) {
  for (const LimitKind& kind : LimitKinds()) {
    const std::optional<int64_t>& value = limits.*kind.value;
    if (!value.has_value()) continue;
    *failed = &kind;
    if (*value < 0) return EINVAL;
    if (kind.not_enforced != nullptr) return ENOTSUP;
    const rlim_t ceiling = static_cast<rlim_t>(*value);
    const rlimit both = {ceiling, ceiling};
    if (setrlimit(kind.resource, &both) != 0) return errno;
  }
  *failed = nullptr;
  return 0;
}

absl::Status ApplyResourceLimits(const ResourceLimits& limits) {
  const LimitKind* failed = nullptr;
  const int error = ApplyResourceLimitsRaw(limits, &failed);
  if (error == 0) return absl::OkStatus();
  return OsError(error, "limit this process by", failed->field);
}

}  // namespace progeny::platform
