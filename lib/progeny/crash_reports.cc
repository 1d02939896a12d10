#include "progeny/crash_reports.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "progeny/codec.h"
#include "progeny/internal/crash_reports.h"

namespace progeny {
namespace {

constexpr absl::string_view kPayload = "progeny/crash_report";

}  // namespace

namespace detail {

absl::Status WithCrashReport(absl::Status status, const CrashReport& report) {
  std::vector<std::byte> bytes;
  if (!EncodeTo(bytes, report).ok()) return status;
  status.SetPayload(kPayload,
                    absl::Cord(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
  return status;
}

}  // namespace detail

std::string CrashReport::ToString() const {
  std::string text = what;
  if (address) absl::StrAppendFormat(&text, " at %#x", *address);
  if (stack_overflow) absl::StrAppend(&text, ", stack overflow");
  for (const std::string& frame : stack) absl::StrAppend(&text, "\n  ", frame);
  if (!last_output.empty()) {
    absl::StrAppend(&text, "\nits last output on stderr:\n  ",
                    absl::StrReplaceAll(last_output, {{"\n", "\n  "}}));
  }
  return text;
}

std::optional<CrashReport> CrashReportOf(const absl::Status& status) {
  const std::optional<absl::Cord> payload = status.GetPayload(kPayload);
  if (!payload) return std::nullopt;
  const std::string bytes(*payload);
  absl::StatusOr<CrashReport> report =
      Decode<CrashReport>({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
  if (!report.ok()) return std::nullopt;
  return *std::move(report);
}

}  // namespace progeny
