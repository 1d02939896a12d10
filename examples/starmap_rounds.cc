// Five rounds of a starmap over 2^20 tiny tasks, eight workers, a new pool each time: what does a round
// take, and does the memory grow from round to round?
//
//     starmap_rounds [steps]
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "progeny/progeny.h"

namespace {

std::pair<int64_t, double> Step(int64_t step, double y) {
  return {step, y * static_cast<double>(step % 97)};
}

double MebibytesOfThisProcess() {
  const absl::StatusOr<progeny::MemoryUsage> usage = progeny::GetMemoryUsage();
  if (!usage.ok()) return 0;
  return static_cast<double>(usage->unique.value_or(usage->resident.value_or(0))) / (1 << 20);
}

// False if a result is wrong.
bool Round(const std::vector<std::pair<int64_t, double>>& steps) {
  absl::StatusOr<progeny::Pool> pool = progeny::Pool::Create({.workers = 8});
  if (!pool.ok()) {
    std::printf("no pool: %s\n", std::string(pool.status().message()).c_str());
    return false;
  }
  const absl::Time start = absl::Now();
  const auto results = pool->StarMap(progeny::fn<&Step>, steps,
                                     {.chunk_size = static_cast<int64_t>(steps.size() / 8)});
  if (!results.ok() || results->size() != steps.size()) return false;
  std::printf("%zu steps in %.0f ms", steps.size(), absl::ToDoubleMilliseconds(absl::Now() - start));
  for (size_t i = 0; i < steps.size(); ++i) {
    if ((*results)[i] != Step(steps[i].first, steps[i].second)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  const int64_t count = argc > 1 ? std::atoll(argv[1]) : int64_t{1} << 20;
  std::vector<std::pair<int64_t, double>> steps;
  for (int64_t i = 0; i < count; ++i) steps.emplace_back(i, 0.5);
  double after_first = 0;
  for (int round = 1; round <= 5; ++round) {
    if (!Round(steps)) return 1;
    const double memory = MebibytesOfThisProcess();
    std::printf(", then this process holds %.0f MiB\n", memory);
    if (round == 1) after_first = memory;
    if (round == 5) {
      // The allocator keeps some of what the first rounds' threads had; a leak would be a round's worth.
      const bool flat = memory < after_first * 1.5 + 16;
      std::printf("from the first round to the last memory %s\n", flat ? "stayed flat" : "grew");
    }
  }
  return 0;
}
