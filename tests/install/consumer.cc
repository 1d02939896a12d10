// What a consumer writes: a guard, one child, its exit code. Built in four ways by ci/install_test.
#include <cstdio>

#include "progeny/progeny.h"

namespace {

int Twice(int value) { return 2 * value; }

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    progeny::ProcessOptions options;
    options.start_method = method;
    absl::StatusOr<progeny::Process> child = progeny::Process::Start(options, progeny::fn<&Twice>, 21);
    if (!child.ok()) {
      std::fprintf(stderr, "%s\n", child.status().ToString().c_str());
      return 1;
    }
    absl::StatusOr<progeny::ExitStatus> status = child->Join();
    if (!status.ok() || !status->exited() || status->exit_code() != 42) return 2;
  }
  std::puts("consumer: 42");
  return 0;
}
