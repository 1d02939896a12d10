// What a child that dies of a fault can still say: which fault, where, and who had called whom.
//
// The dying child writes raw facts into memory that it shares with its parent, and dies as it would
// have anyway; the parent makes words of them. So nothing is allocated, no lock is taken and no symbol
// looked up in a process whose heap may be torn.
//
//   Linux    SEGV BUS FPE ILL ABRT TRAP SYS, by handlers on a stack of their own; the list of mappings
//            is copied along, so the parent finds the images
//   macOS    the same signals; the child itself names images and symbols
//   Windows  exceptions that nobody handles, and abort()
//
// A handler that was there before is called after ours; if it returns, nothing has been told. With a
// sanitizer in the process, the signals that it handles stay its own.
#ifndef PROGENY_PLATFORM_CRASH_REPORT_H_
#define PROGENY_PLATFORM_CRASH_REPORT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/shared_region.h"

namespace progeny::platform {

// Room for the facts in the slot's head; zeroed, aligned for 8 bytes.
inline constexpr size_t kCrashRecordBytes = 512;

struct CrashReportPlace {
  std::byte* record = nullptr;            // in the head of `region`
  const SharedRegion* region = nullptr;   // lives as long as the process; its tail is written too,
  const std::atomic<uint32_t>* tail_taken = nullptr;  // unless this says that it holds something
};

// In the child, once. A few microseconds, and hardly a page touched. Unimplemented with the reason
// where a sanitizer keeps all of it for itself, or there is nothing of the kind. Stack overflow is told
// of the calling thread, and of threads that have an alternate stack.
absl::Status ArmCrashReport(const CrashReportPlace& place);

// In a process whose forked children will arm their reports: all but the place is done, for all of them.
void PrepareCrashReports();

struct CrashFacts {
  std::string what;                  // "SIGSEGV (address not mapped)", "access violation"
  std::optional<uint64_t> address;   // that was accessed, if that was the fault
  bool stack_overflow = false;
  std::vector<std::string> stack;    // "Table::Find() (program+0x1234)", the innermost first
};

// In the parent, once the child has ended; nothing if it has told nothing. Everything in the record and
// the tail is another process's word, and checked.
std::optional<CrashFacts> ReadCrashRecord(
    const std::byte* record, absl::FunctionRef<absl::StatusOr<std::vector<std::byte>>(size_t)> tail);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_CRASH_REPORT_H_
