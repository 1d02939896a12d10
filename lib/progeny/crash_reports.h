// A crash is a value: what a child that has died of a fault could still say.
//
//     absl::StatusOr<int> n = progeny::Call({.err = progeny::Stdio::Pipe()}, progeny::fn<&Parse>, path);
//     if (auto crash = progeny::CrashReportOf(n.status())) std::cerr << crash->ToString();
//
//     SIGSEGV (address not mapped) at 0x10
//       Table::Find() (program+0x1a2b)
//       Parse() (program+0x1c00)
//
// On by default in children that progeny re-executes, by ProcessOptions::crash_reports under kFork too. The
// report is part of Process::failure(), and of what Call, Get and the like return for a child that crashed.
//
// It works with a torn heap, and when the stack has overflowed: the child allocates nothing, and its
// handlers run on a stack of their own (of the thread that runs the entry; other threads' overflows are
// told if they have an alternate stack). It dies by that very signal or exception all the same.
//
// A handler that is there already, or that the child's code installs later, keeps its say: one before ours
// is called after it, one later replaces it. With a sanitizer in the program the signals that it handles
// are its own, and there is no report.
//
//   Linux    names from the symbol tables of program and libraries
//   macOS    names of exported symbols
//   Windows  names from PDB files; MinGW programs, which have none, tell offsets
//
// Names are looked up in the parent; a file that has been replaced since is told by offset.
#ifndef PROGENY_CRASH_REPORTS_H_
#define PROGENY_CRASH_REPORTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace progeny {

struct CrashReport {
  std::string what;                 // "SIGSEGV (address not mapped)", "access violation (0xC0000005)"
  std::optional<uint64_t> address;  // that was accessed, if that was the fault
  bool stack_overflow = false;
  // "Table::Find() (program+0x1234)", the innermost first; some fifty at most.
  std::vector<std::string> stack;
  // The last lines of its standard error, if that is a pipe. They stay to be read.
  std::string last_output;

  // Several lines, for people to read.
  std::string ToString() const;

  friend bool operator==(const CrashReport&, const CrashReport&) = default;
};

// Set where a crash that was reported was the cause of `status`.
std::optional<CrashReport> CrashReportOf(const absl::Status& status);

}  // namespace progeny

#endif  // PROGENY_CRASH_REPORTS_H_
