// What progeny/boost_process.h needs from the library: starting any program with exactly the
// streams that are named. No API; programs that only want a child use progeny/process.h.
//
// Free of asio and of OS types, so that the library itself needs neither to be built.
#ifndef PROGENY_DETAIL_PROGRAM_H_
#define PROGENY_DETAIL_PROGRAM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace progeny::detail {

// A file descriptor or a Windows HANDLE.
using NativeStream = intptr_t;
inline constexpr NativeStream kSameStream = -1;  // what this process has

struct ProgramSpec {
  std::string path;                                    // UTF-8; not searched for in PATH
  std::vector<std::string> arguments;                  // UTF-8, with argv[0]
  std::optional<std::vector<std::string>> environment;  // complete; empty: this process's
  std::string working_directory;                       // UTF-8; empty: this process's
  NativeStream in = kSameStream;                       // borrowed for the length of the call
  NativeStream out = kSameStream;
  NativeStream err = kSameStream;
};

struct StartedProgram {
  int64_t id = 0;
  // Windows: the process HANDLE, which the caller closes. Elsewhere -1.
  intptr_t process = -1;
};

// Starts `spec` without a fork of this process. The caller waits for it; it isn't bound to this
// process's life. Thread-safe.
absl::StatusOr<StartedProgram> StartProgram(const ProgramSpec& spec);

// The errno or GetLastError() behind `status`; nullopt when progeny itself refused.
std::optional<int64_t> NativeErrorOf(const absl::Status& status);

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_PROGRAM_H_
