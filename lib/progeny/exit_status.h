// How a child ended.
//
//     absl::StatusOr<progeny::ExitStatus> end = process.Join();
//     if (end.ok() && end->crashed()) LOG << end->ToString();   // "killed by SIGSEGV"
#ifndef PROGENY_EXIT_STATUS_H_
#define PROGENY_EXIT_STATUS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace progeny {

namespace detail {
class ExitStatusAccess;
}

// A value; thread-safe as such. Default: unknown.
class ExitStatus {
 public:
  ExitStatus() = default;

  // Exited with code 0.
  bool ok() const { return exited() && code_ == 0; }

  // Ended by itself, with a code. On Windows a process that died of an exception has not exited.
  bool exited() const { return kind_ == Kind::kExited; }
  // Of an exited process; else 0.
  int exit_code() const { return exited() ? static_cast<int>(code_) : 0; }

  // Ended by a signal; POSIX only.
  bool signalled() const { return kind_ == Kind::kSignalled; }
  int signal() const { return signalled() ? static_cast<int>(code_) : 0; }

  // Ended by Terminate, Kill, Interrupt or another signal that is no fault, on every OS.
  bool terminated() const;
  // Ended by SEGV BUS FPE ILL ABRT TRAP SYS, or by a Windows exception. Never terminated as well.
  bool crashed() const;
  // Foreign code reaped the child and the kernel no longer tells (Linux before 6.15, macOS).
  bool unknown() const { return kind_ == Kind::kUnknown; }

  // "exit code 3", "killed by SIGKILL", "killed by SIGSEGV (core dumped)", "access violation
  // (0xC0000005)", "status unknown". These texts are stable.
  std::string ToString() const;

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;

 private:
  friend class detail::ExitStatusAccess;
  enum class Kind : uint8_t { kUnknown, kExited, kSignalled, kException, kEndedByUs };

  Kind kind_ = Kind::kUnknown;
  bool core_dumped_ = false;
  uint32_t code_ = 0;
};

// Set where the end of a process was the cause of `status`.
std::optional<ExitStatus> ExitStatusOf(const absl::Status& status);

// What code in a child threw: the exception's demangled type ("std::runtime_error"; "unknown" where
// it can't be told) and its what().
struct RemoteError {
  std::string type;
  std::string what;
};

// Set where an exception in a child was the cause of `status`.
std::optional<RemoteError> RemoteErrorOf(const absl::Status& status);

}  // namespace progeny

#endif  // PROGENY_EXIT_STATUS_H_
