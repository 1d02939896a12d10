#include "progeny/exit_status.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "progeny/internal/exit_status.h"

namespace progeny {
namespace {

constexpr absl::string_view kExitPayload = "progeny/exit_status";
constexpr absl::string_view kErrorPayload = "progeny/remote_error";

}  // namespace

namespace detail {

ExitStatus ExitStatusAccess::FromSeam(const platform::ExitInfo& info) {
  ExitStatus status;
  status.kind_ = static_cast<ExitStatus::Kind>(info.kind);
  status.core_dumped_ = info.core_dumped;
  status.code_ = info.code;
  return status;
}

platform::ExitInfo ExitStatusAccess::ToSeam(const ExitStatus& status) {
  using Seam = platform::ExitInfo::Kind;
  using Ours = ExitStatus::Kind;
  static_assert(static_cast<int>(Seam::kUnknown) == static_cast<int>(Ours::kUnknown) &&
                static_cast<int>(Seam::kExited) == static_cast<int>(Ours::kExited) &&
                static_cast<int>(Seam::kSignalled) == static_cast<int>(Ours::kSignalled) &&
                static_cast<int>(Seam::kException) == static_cast<int>(Ours::kException) &&
                static_cast<int>(Seam::kEndedByUs) == static_cast<int>(Ours::kEndedByUs));
  return {static_cast<Seam>(status.kind_), status.code_, status.core_dumped_};
}

absl::Status WithExitStatus(absl::Status status, const ExitStatus& exit_status) {
  const platform::ExitInfo info = ExitStatusAccess::ToSeam(exit_status);
  status.SetPayload(kExitPayload,
                    absl::Cord(absl::StrCat(static_cast<int>(info.kind), " ", info.code, " ",
                                            info.core_dumped ? 1 : 0)));
  return status;
}

absl::Status RemoteErrorStatus(const RemoteError& error) {
  absl::Status status = absl::UnknownError(
      error.what.empty() ? absl::StrCat("the child threw ", error.type)
                         : absl::StrCat("the child threw ", error.type, ": ", error.what));
  status.SetPayload(kErrorPayload, absl::Cord(absl::StrCat(error.type, absl::string_view("\0", 1), error.what)));
  return status;
}

}  // namespace detail

bool ExitStatus::terminated() const {
  return platform::IsTermination(detail::ExitStatusAccess::ToSeam(*this));
}

bool ExitStatus::crashed() const {
  return platform::IsCrash(detail::ExitStatusAccess::ToSeam(*this));
}

std::string ExitStatus::ToString() const {
  return platform::Describe(detail::ExitStatusAccess::ToSeam(*this));
}

std::optional<ExitStatus> ExitStatusOf(const absl::Status& status) {
  const std::optional<absl::Cord> payload = status.GetPayload(kExitPayload);
  if (!payload) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(std::string(*payload), ' ');
  int kind = 0;
  platform::ExitInfo info;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &kind) || kind < 0 ||
      kind > static_cast<int>(platform::ExitInfo::Kind::kEndedByUs) ||
      !absl::SimpleAtoi(parts[1], &info.code)) {
    return std::nullopt;
  }
  info.kind = static_cast<platform::ExitInfo::Kind>(kind);
  info.core_dumped = parts[2] == "1";
  return detail::ExitStatusAccess::FromSeam(info);
}

std::optional<RemoteError> RemoteErrorOf(const absl::Status& status) {
  const std::optional<absl::Cord> payload = status.GetPayload(kErrorPayload);
  if (!payload) return std::nullopt;
  const std::string text(*payload);
  const size_t separator = text.find('\0');
  if (separator == std::string::npos) return std::nullopt;
  return RemoteError{text.substr(0, separator), text.substr(separator + 1)};
}

}  // namespace progeny
