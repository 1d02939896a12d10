// How a process ended, in the words of its operating system, and what that means in ours.
#ifndef PROGENY_PLATFORM_EXIT_STATUS_H_
#define PROGENY_PLATFORM_EXIT_STATUS_H_

#include <cstdint>
#include <optional>
#include <string>

namespace progeny::platform {

// The most memory that a process ever had resident, bytes. `at_most`: it had no more than that; the
// kernel counts what another program had before it (Linux: exec counts the caller's).
struct PeakMemory {
  int64_t bytes = 0;
  bool at_most = false;
};

// A value. `code` is the exit code, the signal number or the Windows exception code, by `kind`.
// kEndedByUs is Windows' word for what a signal is elsewhere: TerminateProcess by this library;
// `code` then is the number of the POSIX signal that means the same (2, 15, 9).
struct ExitInfo {
  enum class Kind : uint8_t { kUnknown, kExited, kSignalled, kException, kEndedByUs };
  Kind kind = Kind::kUnknown;
  uint32_t code = 0;
  bool core_dumped = false;
  // Where the kernel tells it with the end; a measurement, not compared. Absent: a status that was lost
  // to another reaper or that a server told, one that was waited for without limit (POSIX), Wine.
  std::optional<PeakMemory> peak = {};

  friend bool operator==(const ExitInfo& a, const ExitInfo& b) {
    return a.kind == b.kind && a.code == b.code && a.core_dumped == b.core_dumped;
  }
};

// SEGV BUS FPE ILL ABRT TRAP SYS, or a Windows exception code. Never true together with IsTermination.
bool IsCrash(const ExitInfo& info);

// Ended by a signal that is no fault, or by this library's Interrupt, Terminate or Kill.
bool IsTermination(const ExitInfo& info);

// "exit code 3", "killed by SIGKILL", "killed by SIGSEGV (core dumped)", "access violation
// (0xC0000005)", "status unknown". Stable texts: users match on them.
std::string Describe(const ExitInfo& info);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_EXIT_STATUS_H_
