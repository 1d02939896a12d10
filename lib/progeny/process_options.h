// How a child is to be started: one struct with a default for every field.
//
//     progeny::ProcessOptions options{.start_method = progeny::StartMethod::kSpawn,
//                                     .name = "indexer", .out = progeny::Stdio::Null()};
#ifndef PROGENY_PROCESS_OPTIONS_H_
#define PROGENY_PROCESS_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "progeny/stdio.h"

namespace progeny {

static_assert(std::is_same_v<absl::string_view, std::string_view>,
              "progeny needs an Abseil whose absl::string_view is std::string_view: build Abseil "
              "from source as C++17 or later (Debian's libabsl-dev does not fit)");

// kFork: a copy of this process, sharing its memory copy-on-write; cheap beside a small parent;
//   unsafe beside threads that hold locks. Not on Windows.
// kSpawn: this program's image started anew; only what is passed travels. Everywhere.
// kForkServer: a copy of a clean, single-threaded server, which is this program started anew once;
//   as cheap beside a big parent as beside a small one, safe beside threads; only what is passed
//   travels, and what the server has loaded (progeny/fork_server.h). Not on Windows.
enum class StartMethod { kFork, kSpawn, kForkServer };

// Linux: kFork; macOS and Windows: kSpawn.
StartMethod DefaultStartMethod();

// Those that work here, the default first.
std::vector<StartMethod> AvailableStartMethods();

// "fork", "spawn", "forkserver".
std::string_view Name(StartMethod method);

// Changes against the parent's environment, made in the order in which they are told.
struct Environment {
  struct Change {
    enum class Kind { kSet, kUnset, kClear };
    Kind kind;
    std::string name;
    std::string value;
  };

  Environment& Set(absl::string_view name, absl::string_view value) {
    changes.push_back({Change::Kind::kSet, std::string(name), std::string(value)});
    return *this;
  }
  Environment& Unset(absl::string_view name) {
    changes.push_back({Change::Kind::kUnset, std::string(name), {}});
    return *this;
  }
  // Forgets the parent's variables and all changes so far. Windows: SystemRoot stays, as no
  // program starts without it.
  Environment& Clear() {
    changes.push_back({Change::Kind::kClear, {}, {}});
    return *this;
  }

  std::vector<Change> changes = {};
};

// Upper limits for one child, soft and hard, inherited by its own children (setrlimit(2)). A limit
// above the parent's hard one, or that this OS can't enforce, is Start's error.
struct ResourceLimits {
  std::optional<int64_t> address_space = {};  // bytes
  std::optional<int64_t> cpu_seconds = {};
  std::optional<int64_t> open_files = {};
  std::optional<int64_t> core_size = {};      // bytes
};

// How progeny ends a child, step by step: Process::Stop, the end of a daemon's handle, InterruptGuard.
// First the child is asked (RequestStop), then interrupted if `interrupt` is set, then terminated,
// and at last killed; each step is given its time before the next one begins. Not negative; infinite
// means that the ladder goes no further.
//
//     .stop = {.request = absl::Seconds(5), .interrupt = absl::Seconds(1)}
struct StopLadder {
  std::optional<absl::Duration> request = {};    // absent: no time, the next step follows at once
  std::optional<absl::Duration> interrupt = {};  // absent: this step is left out
  std::optional<absl::Duration> terminate = {};  // absent: ProcessOptions::grace
};

// What a start by fork does about other threads of this process, whose locks stay locked in the child
// for ever (ForkSafety(), progeny/fork_safety.h). kWarn: a line through Log, once per process. kRefuse:
// FailedPrecondition, before any process exists. No matter under the other start methods.
enum class ForkSafetyPolicy { kIgnore, kWarn, kRefuse };

// Whether a child that dies of a fault reports it (progeny/crash_reports.h). kAutomatic: under all start
// methods but kFork, where handlers would be put on top of what the program has.
enum class CrashReports { kAutomatic, kOn, kOff };

struct ProcessOptions final {
  StartMethod start_method = DefaultStartMethod();
  // "" = "Process-<n>"; for a child of a child "Process-1:2".
  std::string name = {};
  // Stopped, not joined, when its handle is destroyed.
  bool daemon = false;
  // From Terminate to Kill when progeny ends the child (`stop` has the steps before). Not negative.
  absl::Duration grace = absl::Seconds(2);
  Environment environment = {};
  // UTF-8; "" = the parent's.
  std::string working_directory = {};
  Stdio in = {};
  Stdio out = {};
  Stdio err = {};
  ResourceLimits limits = {};
  // "" = this program. A library in a foreign main names a small program that constructs a MainGuard
  // and links the same library. InvalidArgument with kFork.
  std::string executable = {};
  ForkSafetyPolicy fork_safety = ForkSafetyPolicy::kWarn;
  StopLadder stop = {};
  CrashReports crash_reports = CrashReports::kAutomatic;
};

}  // namespace progeny

#endif  // PROGENY_PROCESS_OPTIONS_H_
