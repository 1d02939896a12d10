// Five rounds of a starmap over 2^20 tiny tasks in chunks of an eighth, eight workers, a new pool
// each time: what does a round take, and does the memory grow from round to round?
//
//     pool_starmap [--start fork] [--steps 1048576] [--workers 8] [--rounds 5] [--json]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "flags.h"
#include "progeny/progeny.h"

namespace {

using Arguments = std::pair<int64_t, double>;

// One tiny task.
Arguments Step(int64_t step, double y) { return {step, y * static_cast<double>(step % 97)}; }

struct Options {
  progeny::StartMethod start = {};
  int64_t steps = 0;
  int64_t workers = 0;
  int64_t rounds = 0;
  bool json = false;
};

struct Round {
  double milliseconds = 0;
  int64_t unique = 0;    // bytes of this process alone, the pool being gone
  int64_t in_pool = 0;   // the same of its workers together, before it went
  int64_t children = 0;  // still there afterwards
};

int64_t UniqueBytes(progeny::ProcessId process) {
  const absl::StatusOr<progeny::MemoryUsage> usage = progeny::GetMemoryUsage(process);
  if (!usage.ok()) return 0;
  return usage->unique.value_or(usage->resident.value_or(0));
}

absl::Status Check(const std::vector<Arguments>& results, const std::vector<Arguments>& steps) {
  if (results.size() != steps.size()) return absl::InternalError("results are missing");
  for (size_t i = 0; i < steps.size(); ++i) {
    if (results[i] != Step(steps[i].first, steps[i].second)) {
      return absl::InternalError("result " + std::to_string(i) + " is wrong");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Round> RunRound(const Options& options, const std::vector<Arguments>& steps) {
  Round round;
  {
    absl::StatusOr<progeny::Pool> pool = progeny::Pool::Create(
        {.workers = static_cast<int>(options.workers), .process = {.start_method = options.start}});
    if (!pool.ok()) return pool.status();
    const absl::Time start = absl::Now();
    const absl::StatusOr<std::vector<Arguments>> results =
        pool->StarMap(progeny::fn<&Step>, steps,
                      {.chunk_size = std::max<int64_t>(options.steps / options.workers, 1)});
    round.milliseconds = absl::ToDoubleMilliseconds(absl::Now() - start);
    if (!results.ok()) return results.status();
    if (absl::Status right = Check(*results, steps); !right.ok()) return right;
    for (const progeny::ProcessInfo& worker : progeny::ActiveChildren()) {
      round.in_pool += UniqueBytes(worker.id);
    }
  }
  round.unique = UniqueBytes(progeny::this_process::id());
  round.children = static_cast<int64_t>(progeny::ActiveChildren().size());
  return round;
}

constexpr double kMiB = 1 << 20;

// The allocator keeps some of what the first round needed; a leak would be a round's worth each
// time.
bool IsFlat(const std::vector<Round>& rounds) {
  return rounds.back().children == 0 &&
         static_cast<double>(rounds.back().unique) <
             1.5 * static_cast<double>(rounds.front().unique) + 16 * kMiB;
}

void PrintJson(const Options& options, const std::vector<Round>& rounds) {
  std::printf("{\"start_method\": \"%s\", \"steps\": %lld, \"workers\": %lld, \"rounds\": [",
              std::string(progeny::Name(options.start)).c_str(),
              static_cast<long long>(options.steps), static_cast<long long>(options.workers));
  for (size_t i = 0; i < rounds.size(); ++i) {
    std::printf(
        "%s\n  {\"ms\": %.3f, \"unique\": %lld, \"unique_of_workers\": %lld, "
        "\"children_left\": %lld}",
        i == 0 ? "" : ",", rounds[i].milliseconds, static_cast<long long>(rounds[i].unique),
        static_cast<long long>(rounds[i].in_pool), static_cast<long long>(rounds[i].children));
  }
  std::printf("],\n \"right\": true, \"flat\": %s}\n", IsFlat(rounds) ? "true" : "false");
}

void PrintTable(const Options& options, const std::vector<Round>& rounds) {
  std::printf("%lld steps, %lld workers by %s\n", static_cast<long long>(options.steps),
              static_cast<long long>(options.workers),
              std::string(progeny::Name(options.start)).c_str());
  for (size_t i = 0; i < rounds.size(); ++i) {
    std::printf("round %zu: %.1f ms; unique: workers %.1f MiB, then this process %.1f MiB\n", i + 1,
                rounds[i].milliseconds, static_cast<double>(rounds[i].in_pool) / kMiB,
                static_cast<double>(rounds[i].unique) / kMiB);
  }
  std::printf("from the first round to the last memory %s\n",
              IsFlat(rounds) ? "stayed flat" : "grew");
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  examples::Flags flags(argc, argv);
  const Options options{.start = flags.Start(),
                        .steps = flags.Number("--steps", int64_t{1} << 20),
                        .workers = flags.Number("--workers", 8),
                        .rounds = flags.Number("--rounds", 5),
                        .json = flags.Switch("--json")};
  if (const absl::Status status = flags.Finish(); !status.ok()) {
    std::fprintf(stderr, "pool_starmap: %s\n", std::string(status.message()).c_str());
    return 2;
  }
  std::vector<Arguments> steps;
  for (int64_t i = 0; i < options.steps; ++i) steps.emplace_back(i, 0.5);
  std::vector<Round> rounds;
  for (int64_t i = 0; i < options.rounds; ++i) {
    const absl::StatusOr<Round> round = RunRound(options, steps);
    if (!round.ok()) {
      std::fprintf(stderr, "pool_starmap: %s\n", round.status().ToString().c_str());
      return 1;
    }
    rounds.push_back(*round);
  }
  options.json ? PrintJson(options, rounds) : PrintTable(options, rounds);
  return IsFlat(rounds) ? 0 : 1;
}
