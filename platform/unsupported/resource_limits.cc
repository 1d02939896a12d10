#include "platform/resource_limits.h"

#include "absl/strings/str_cat.h"

namespace progeny::platform {
namespace {

absl::Status CheckOne(absl::string_view field, const std::optional<int64_t>& value) {
  if (!value.has_value()) return absl::OkStatus();
  if (*value < 0) {
    return absl::InvalidArgumentError(absl::StrCat(field, " = ", *value, ": negative"));
  }
  return absl::UnimplementedError(
      absl::StrCat(field, ": limits are not ported to this operating system"));
}

}  // namespace

absl::Status CheckResourceLimits(const ResourceLimits& limits) {
  absl::Status status = CheckOne("limits.address_space", limits.address_space);
  if (status.ok()) status = CheckOne("limits.cpu_seconds", limits.cpu_seconds);
  if (status.ok()) status = CheckOne("limits.open_files", limits.open_files);
  if (status.ok()) status = CheckOne("limits.core_size", limits.core_size);
  return status;
}

absl::Status ApplyResourceLimits(const ResourceLimits& limits) {
  return CheckResourceLimits(limits);
}

}  // namespace progeny::platform
