// A crash report onto an absl::Status.
#ifndef PROGENY_INTERNAL_CRASH_REPORTS_H_
#define PROGENY_INTERNAL_CRASH_REPORTS_H_

#include "absl/status/status.h"
#include "progeny/crash_reports.h"

namespace progeny::detail {

// `status` with the payload that CrashReportOf reads.
absl::Status WithCrashReport(absl::Status status, const CrashReport& report);

}  // namespace progeny::detail

#endif  // PROGENY_INTERNAL_CRASH_REPORTS_H_
