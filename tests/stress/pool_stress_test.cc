// A pool whose workers are killed at random instants or replaced after every task, and pools made and
// ended again and again: each task has exactly one outcome, results are right, nothing is left.
// PROGENY_STRESS_ROUNDS makes it longer.
#include <cstdio>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "progeny/memory_usage.h"
#include "progeny/pool.h"
#include "stress/pool_chaos.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::Repetitions;
using tests::Square;

class PoolStressTest : public tests::EveryMethodPool {
 protected:
  const tests::Watchdog watchdog_{absl::Minutes(100)};
};
PROGENY_FOR_EVERY_METHOD(PoolStressTest);

TEST_P(PoolStressTest, WorkersKilledAtRandom_EachTaskHasOneOutcome) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine can leave a process whose start is cut off";
  const int tasks = tests::kSanitized ? Repetitions(100, 100'000) : Repetitions(5000, 1'000'000);
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  tests::Outcomes outcomes;
  {
    const tests::Killer killer(*pool);
    outcomes = tests::Work(*pool, tasks);
  }
  tests::ExpectOneOutcomeEach(*pool, outcomes, tasks);
}

TEST_P(PoolStressTest, WorkersReplacedAfterEveryTask_LoseNone) {
  const bool slow = tests::kSanitized || tests::UnderWine() || !forks();
  const int tasks = slow ? Repetitions(2, 1000) : Repetitions(50, 20'000);
  PoolOptions options = Workers(2);
  options.max_tasks_per_worker = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  std::vector<Future<int>> futures;
  for (int i = 0; i < tasks; ++i) futures.push_back(pool->Submit(fn<&Square>, i % 1000));
  for (int i = 0; i < tasks; ++i) {
    ASSERT_EQ(*futures[static_cast<size_t>(i)].Get(absl::Minutes(2)), (i % 1000) * (i % 1000));
  }
  EXPECT_EQ(pool->stats().workers_lost, 0);
  EXPECT_GE(pool->stats().workers_started, tasks);
}

// What this process holds, in numbers.
struct Holdings {
  size_t handles = tests::OpenHandles().size();
  size_t mappings = tests::SharedMappings().size();
  std::optional<int64_t> resident = GetMemoryUsage().value_or(MemoryUsage{}).resident;
};

TEST_P(PoolStressTest, PoolsMadeAndEnded_LeaveNothing) {
  constexpr int64_t kNoGrowth = 4 << 20;  // of 500 pools, and of 10,000
  int pools = forks() ? Repetitions(25, 10'000) : Repetitions(2, 1000);
  if (tests::kSanitized || tests::UnderWine()) {
    pools = std::max(pools / 10, 4);
    std::printf("%d pools only: a sanitizer, or Wine, makes each cost much\n", pools);
  }
  std::optional<Holdings> before;
  for (int i = 0; i < pools; ++i) {
    if (i == pools / 4) before.emplace();  // allocator and threads have settled
    absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
    ASSERT_OK(pool);
    if (i % 3 == 0) pool->Terminate();
    const absl::StatusOr<int> square = pool->Apply(fn<&Square>, i % 1000);
    ASSERT_TRUE(square.ok() || absl::IsCancelled(square.status())) << square.status();
  }
  const Holdings after;
  EXPECT_LE(after.handles, before->handles);
  EXPECT_LE(after.mappings, before->mappings);
  if (tests::kSanitized) return;  // its allocator keeps what was freed
  if (before->resident && after.resident) {
    EXPECT_LE(*after.resident, *before->resident + kNoGrowth) << "of " << *before->resident;
  }
}

}  // namespace
}  // namespace progeny
