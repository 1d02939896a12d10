// PoolOptions::pinning: which CPU each worker is on.
#include <sched.h>

#include <map>
#include <set>
#include <utility>

#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/this_process.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::kPatience;

std::set<int> AllowedHere() {
  cpu_set_t set;
  std::set<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<size_t>(cpu), &set)) cpus.insert(cpu);
  }
  return cpus;
}

std::pair<ProcessId, std::set<int>> WhereIRun() { return {this_process::id(), AllowedHere()}; }

using PoolPinnedCpuTest = tests::EveryMethod;
PROGENY_FOR_EVERY_METHOD(PoolPinnedCpuTest);

TEST_P(PoolPinnedCpuTest, AsManyWorkersAsCpus_HaveOneEach_TheNextBeginsAgain) {
  const std::set<int> allowed = AllowedHere();
  ASSERT_FALSE(allowed.empty()) << "more CPUs than a cpu_set_t holds";
  PoolOptions options;
  options.workers = static_cast<int>(allowed.size()) + 1;
  options.process = Options();
  options.pinning = CpuPinning::kOnePerWorker;
  absl::StatusOr<Pool> pool = Pool::Create(options);
  ASSERT_OK(pool);
  std::map<ProcessId, std::set<int>> seen;
  const bool all = tests::WaitUntil([&] {
    std::vector<Future<std::pair<ProcessId, std::set<int>>>> futures;
    for (int i = 0; i < options.workers; ++i) futures.push_back(pool->Submit(fn<&WhereIRun>));
    for (auto& future : futures) {
      const auto where = future.Get(kPatience);
      if (where.ok()) seen.insert(*where);
    }
    return seen.size() == static_cast<size_t>(options.workers);
  });
  ASSERT_TRUE(all) << seen.size() << " workers answered";
  std::multiset<int> used;
  for (const auto& [worker, cpus] : seen) {
    EXPECT_EQ(cpus.size(), 1U) << worker;
    used.insert(cpus.begin(), cpus.end());
  }
  for (const int cpu : allowed)
    EXPECT_EQ(used.count(cpu), cpu == *allowed.begin() ? 2U : 1U) << cpu;
}

}  // namespace
}  // namespace progeny
