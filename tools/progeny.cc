// progeny: what processes cost in memory, and what this machine offers to programs that start them.
#include <cstdio>
#include <iostream>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "commands.h"
#include "progeny/main_guard.h"

ABSL_FLAG(std::string, o, "", "files to write, separated by commas: .html, .json or .txt");
ABSL_FLAG(bool, json, false, "print JSON to standard output");
ABSL_FLAG(absl::Duration, interval, absl::ZeroDuration(), "time from one reading to the next");
ABSL_FLAG(int64_t, pid, 0, "a process that runs already");

namespace progeny_tool {
namespace {

constexpr char kUsage[] =
    "usage:\n"
    "  progeny memory [-o FILE,...] [--json] [--interval 100ms] -- COMMAND [ARGUMENT...]\n"
    "  progeny memory [-o FILE,...] [--json] [--interval 100ms] --pid N\n"
    "      What a program and its children cost in memory while it runs: a table on standard\n"
    "      error, and a page with charts (.html), figures (.json) or the table (.txt) in FILE.\n"
    "  progeny top [--pid N] [--interval 1s] [--json]\n"
    "      A live tree of processes with what each really costs; q quits.\n"
    "  progeny doctor [--json]\n"
    "      Start methods and their costs here, limits that will bite, memory, the kernel.\n"
    "  progeny --version\n"
    "`man progeny` tells the rest.\n";

int UsageError(absl::string_view what) {
  Complain(what);
  std::cerr << kUsage;
  return kUsageError;
}

// Only what stands before "--" is the tool's: a command's own flags are none of its business.
int IndexOfDashes(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (absl::string_view(argv[i]) == "--") return i;
  }
  return argc;
}

bool Asks(absl::string_view word, int end, char** argv) {
  for (int i = 1; i < end; ++i) {
    if (word == argv[i]) return true;
  }
  return false;
}

int Run(int argc, char** argv) {
  const int end = IndexOfDashes(argc, argv);
  if (Asks("--help", end, argv) || Asks("-h", end, argv) || Asks("help", end, argv)) {
    std::cout << kUsage;
    return 0;
  }
  if (Asks("--version", end, argv)) {
    std::cout << "progeny " PROGENY_VERSION "\n";
    return 0;
  }
  absl::SetProgramUsageMessage(kUsage);
  const std::vector<char*> words = absl::ParseCommandLine(end, argv);
  Arguments arguments;
  for (int i = end + 1; i < argc; ++i) arguments.program.push_back(argv[i]);
  arguments.json = absl::GetFlag(FLAGS_json);
  arguments.output_files = absl::StrSplit(absl::GetFlag(FLAGS_o), ',', absl::SkipEmpty());
  if (absl::GetFlag(FLAGS_pid) != 0) arguments.pid = absl::GetFlag(FLAGS_pid);
  const absl::Duration interval = absl::GetFlag(FLAGS_interval);
  if (interval < absl::ZeroDuration()) return UsageError("--interval must be positive");
  if (interval > absl::ZeroDuration()) arguments.interval = interval;

  if (words.size() < 2) return UsageError("no command was given");
  arguments.command = words[1];
  if (words.size() > 2) {
    return UsageError(absl::StrCat("'", words[2], "': a program to run stands behind \"--\""));
  }
  if (arguments.command == "memory") {
    if (arguments.program.empty() != arguments.pid.has_value()) {
      return UsageError("memory: either --pid N, or -- COMMAND");
    }
    return RunMemory(arguments);
  }
  if (!arguments.program.empty() || !arguments.output_files.empty()) {
    return UsageError(absl::StrCat(arguments.command, ": takes neither a program nor -o"));
  }
  if (arguments.command == "top") return RunTop(arguments);
  if (arguments.command == "doctor" && !arguments.pid) return RunDoctor(arguments);
  return UsageError(absl::StrCat("unknown command '", arguments.command, "'"));
}

}  // namespace

void Complain(absl::string_view what) { std::cerr << "progeny: " << what << std::endl; }

}  // namespace progeny_tool

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  return progeny_tool::Run(argc, argv);
}
