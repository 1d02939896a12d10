// Without the system's words: its number alone. OsErrorCodeOf and WithNextStep are as everywhere.
#include "platform/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace progeny::platform {
namespace {

constexpr absl::string_view kPayload = "progeny/os_error";

}  // namespace

absl::Status OsError(int64_t native_code, absl::string_view operation, absl::string_view subject) {
  const std::string quoted = subject.empty() ? "" : absl::StrCat(" '", subject, "'");
  absl::Status status(absl::StatusCode::kInternal,
                      absl::StrCat(operation, quoted, ": error ", native_code));
  status.SetPayload(kPayload, absl::Cord(absl::StrCat(native_code)));
  return status;
}

absl::Status LastOsError(absl::string_view operation, absl::string_view subject) {
  return OsError(0, operation, subject);
}

std::optional<int64_t> OsErrorCodeOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  int64_t code = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &code)) return std::nullopt;
  return code;
}

absl::Status WithNextStep(absl::Status status, absl::string_view next_step) {
  absl::Status longer(status.code(), absl::StrCat(status.message(), "; ", next_step));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    longer.SetPayload(url, payload);
  });
  return longer;
}

}  // namespace progeny::platform
