// How a process ended, in the words of its operating system, and what that means in ours.
#ifndef PROGENY_PLATFORM_EXIT_STATUS_H_
#define PROGENY_PLATFORM_EXIT_STATUS_H_

#include <cstdint>
#include <string>

namespace progeny::platform {

// A value. `code` is the exit code, the signal number or the Windows exception code, by `kind`.
// kEndedByUs is Windows' word for what a signal is elsewhere: TerminateProcess by this library;
// `code` then is the number of the POSIX signal that means the same (2, 15, 9).
struct ExitInfo {
  enum class Kind : uint8_t { kUnknown, kExited, kSignalled, kException, kEndedByUs };
  Kind kind = Kind::kUnknown;
  uint32_t code = 0;
  bool core_dumped = false;

  friend bool operator==(const ExitInfo&, const ExitInfo&) = default;
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
