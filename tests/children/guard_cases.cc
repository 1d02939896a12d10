// Programs that treat their MainGuard well or badly; the first argument says how ("forkserver:" before
// it: with that method instead of spawn). Each run of main
// leaves a line in the file that the second argument names: that is how a fork bomb would show.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "progeny/call.h"
#include "progeny/main_guard.h"
#include "progeny/process.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

constexpr char kChildMark[] = "PROGENY_TEST_IN_CHILD";

int Answer() { return 42; }

int initialised = 0;
void InitChild() { initialised += 7; }
int TellInitialised() { return initialised; }

void NoteRun(const char* file) { std::ofstream(file, std::ios::app | std::ios::binary) << "main ran\n"; }

StartMethod method = StartMethod::kSpawn;

ProcessOptions Spawned() {
  ProcessOptions options{.start_method = method};
  options.environment.Set(kChildMark, "1");
  return options;
}

bool InChild() {
  static const bool marked = std::getenv(kChildMark) != nullptr;
  return marked;
}

// One line for a call's outcome, and one for a process's.
void TellOutcome() {
  const absl::StatusOr<int> result = Call(Spawned(), fn<&Answer>);
  std::printf("call: %s\n", result.ok() ? std::to_string(*result).c_str()
                                        : result.status().ToString().c_str());
  absl::StatusOr<Process> child = Process::Start(Spawned(), fn<&Answer>);
  if (!child.ok()) {
    std::printf("start: %s\n", child.status().ToString().c_str());
    return;
  }
  const absl::StatusOr<ExitStatus> end = child->Join(tests::kPatience);
  std::printf("end: %s\nfailure: %s\n", end.ok() ? end->ToString().c_str() : "none",
              child->failure().ToString().c_str());
}

void TellArguments(int argc, char** argv) {
  std::printf("arguments:");
  for (int i = 3; i < argc; ++i) std::printf(" [%s]", argv[i]);
  std::printf(" %s\n", argv[argc] == nullptr ? "end" : "no end");
}

int Run(const std::string& how, int& argc, char** argv) {
  if (how == "none") {
    TellOutcome();
    return 0;
  }
  if (how == "conditional" && InChild()) {
    std::printf("in the child: %s\n", Process::Start(Spawned(), fn<&Answer>).status().ToString().c_str());
    return 5;
  }
  if (how == "early return" && InChild()) return 6;
  if (how == "crash before" && InChild()) std::_Exit(7);
  if (how == "late" && InChild()) {
    std::printf("too early: %s\n", Call(Spawned(), fn<&Answer>).status().ToString().c_str());
    std::fflush(stdout);
  }
  if (how == "init") {
    MainGuard guard(argc, argv, {.in_child = &InitChild});
    for (int i = 0; i < 2; ++i) {
      std::printf("here %d, there %d\n", initialised,
                  Call(Spawned(), fn<&TellInitialised>).value_or(-1));
    }
    return 0;
  }
  if (how == "without arguments") {
    MainGuard guard;
    TellOutcome();
    return 0;
  }
  MainGuard guard(argc, argv);
  MainGuard second(argc, argv);  // does nothing
  TellOutcome();
  TellArguments(argc, argv);
  return 0;
}

}  // namespace
}  // namespace progeny

int main(int argc, char** argv) {
  std::string how = argc > 1 ? argv[1] : "guarded";
  constexpr char kForkServer[] = "forkserver:";
  if (how.rfind(kForkServer, 0) == 0) {
    progeny::method = progeny::StartMethod::kForkServer;
    // A server is started with its client's environment, not with its children's.
    progeny::InChild();
    static char mark[] = "PROGENY_TEST_IN_CHILD=1";
    putenv(mark);
    how.erase(0, sizeof kForkServer - 1);
  }
  if (argc > 2) progeny::NoteRun(argv[2]);
  return progeny::Run(how, argc, argv);
}
