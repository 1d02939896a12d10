// A program that starts children without end, for a test that kills it at some instant:
//
//   family <start method> <shape>
//
// Some children end at once, some stay and are deaf to every request; whoever outlives this process
// was forgotten. Shapes: "plain"; "thread": each child is started by a thread that ends right
// after; "grandchildren": the children do the same.
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "progeny/main_guard.h"
#include "progeny/process.h"

namespace progeny {
namespace {

// Longer than any test waits, short enough not to stay for ever on a machine where one fails.
constexpr absl::Duration kLife = absl::Seconds(60);
constexpr size_t kStaying = 3;

void EndAtOnce() {}

void Stay() {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  absl::SleepFor(kLife);
}

enum class Shape { kPlain, kThread, kGrandchildren };

void StartForEver(StartMethod method, Shape shape);

absl::StatusOr<Process> StartOne(StartMethod method, Shape shape, bool stays) {
  const ProcessOptions options{
      .start_method = method, .daemon = true, .grace = absl::ZeroDuration()};
  if (!stays) return Process::Start(options, fn<&EndAtOnce>);
  if (shape == Shape::kGrandchildren) {
    return Process::Start(options, fn<&StartForEver>, method, Shape::kPlain);
  }
  return Process::Start(options, fn<&Stay>);
}

void StartForEver(StartMethod method, Shape shape) {
  std::vector<Process> staying;
  const absl::Time end = absl::Now() + kLife;
  for (int i = 0; absl::Now() < end; ++i) {
    const bool stays = i % 2 == 0;
    absl::StatusOr<Process> child;
    const auto start = [&] { child = StartOne(method, shape, stays); };
    if (shape == Shape::kThread) {
      std::thread(start).join();
    } else {
      start();
    }
    if (!child.ok()) continue;  // no memory, no room for processes: the next may find some
    if (stays) {
      staying.push_back(*std::move(child));
    } else {
      (void)child->Join(kLife);
    }
    if (staying.size() > kStaying) staying.erase(staying.begin());  // terminated, killed, joined
  }
}

int Main(const std::string& method_name, const std::string& shape) {
  for (const StartMethod method : AvailableStartMethods()) {
    if (Name(method) != method_name) continue;
    StartForEver(method, shape == "thread"          ? Shape::kThread
                         : shape == "grandchildren" ? Shape::kGrandchildren
                                                    : Shape::kPlain);
    return 0;
  }
  return 2;
}

}  // namespace
}  // namespace progeny

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  return argc == 3 ? progeny::Main(argv[1], argv[2]) : 2;
}
