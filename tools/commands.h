// The commands of `progeny`, each in a file of its own. What they print stands in progeny.1.
#ifndef PROGENY_TOOLS_COMMANDS_H_
#define PROGENY_TOOLS_COMMANDS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "progeny/this_process.h"

namespace progeny_tool {

// What stood on the command line.
struct Arguments {
  std::string command;                    // "memory", "top", "doctor"
  std::vector<std::string> output_files;  // -o
  bool json = false;
  std::optional<absl::Duration> interval;  // positive
  std::optional<progeny::ProcessId> pid;
  std::vector<std::string> program;  // what stood behind "--"
};

// Exit codes of the tool's own, as env, timeout and shells have them.
inline constexpr int kUsageError = 2;
inline constexpr int kToolFailed = 125;
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;
inline constexpr int kSignalBase = 128;

// Says "progeny: <what>" on standard error.
void Complain(absl::string_view what);

int RunMemory(const Arguments& arguments);
int RunTop(const Arguments& arguments);
int RunDoctor(const Arguments& arguments);

}  // namespace progeny_tool

#endif  // PROGENY_TOOLS_COMMANDS_H_
