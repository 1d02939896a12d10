#include "platform/crash_report.h"

namespace progeny::platform {

void PrepareCrashReports() {}

absl::Status ArmCrashReport(const CrashReportPlace&) {
  return absl::UnimplementedError("arm crash reports: not ported to this operating system");
}

std::optional<CrashFacts> ReadCrashRecord(
    const std::byte*, absl::FunctionRef<absl::StatusOr<std::vector<std::byte>>(size_t)>) {
  return std::nullopt;
}

}  // namespace progeny::platform
