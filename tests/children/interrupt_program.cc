// A program with an InterruptGuard and three children, for Ctrl-C:
//
//     interrupt_program METHOD polite|default|deaf LOG
//
// It says "ready" when all of them run. Each child that hears an interrupt notes in LOG how many it
// heard until it was left alone. main would end with 3.
#include <atomic>
#include <csignal>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "progeny/interrupt_guard.h"
#include "progeny/process.h"
#include "support/entries.h"

namespace progeny {
namespace {

constexpr int kMainWentOn = 3;

std::atomic<int> heard{0};
void Hear(int signal) {
  std::signal(signal, &Hear);
  ++heard;
}

int Child(std::string kind, std::string log) {
  if (kind == "polite") std::signal(SIGINT, &Hear);
  if (kind == "deaf") {
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
  }
  tests::Say("ready");
  if (kind != "polite") return tests::StayUntilEnded();
  const bool told = tests::WaitUntil([] { return heard > 0 && this_process::StopRequested(); });
  // A second one would come now.
  tests::WaitUntil([] { return heard > 1; }, absl::Milliseconds(300));
  std::ofstream(log, std::ios::app | std::ios::binary) << "heard " + std::to_string(heard) + "\n";
  return told ? tests::kDone : tests::kNobodyStoppedMe;
}

int Run(const std::string& method, const std::string& kind, const std::string& log) {
  const InterruptGuard interrupts;
  std::vector<Process> children;
  for (StartMethod available : AvailableStartMethods()) {
    for (int i = 0; i < 3 && Name(available) == method; ++i) {
      ProcessOptions options{.start_method = available, .out = Stdio::Pipe()};
      options.grace = kind == "deaf" ? absl::Milliseconds(50) : tests::kPatience;
      absl::StatusOr<Process> child = Process::Start(options, fn<&Child>, kind, log);
      if (!child.ok() || tests::ReadLine(child->out()) != "ready") return tests::kStartFailed;
      children.push_back(*std::move(child));
    }
  }
  tests::Say("ready");
  for (Process& child : children) (void)child.Join();
  return kMainWentOn;
}

}  // namespace
}  // namespace progeny

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  return argc == 4 ? progeny::Run(argv[1], argv[2], argv[3]) : progeny::tests::kWrongValue;
}
