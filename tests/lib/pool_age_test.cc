// Pools whose workers are replaced when they have grown old.
#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::OwnId;
using tests::WaitUntil;

class PoolAgeTest : public tests::EveryMethodPool {
 protected:
  PoolOptions Aging(int workers, absl::Duration age) const {
    PoolOptions options = Workers(workers);
    options.max_worker_age = age;
    return options;
  }
};
PROGENY_FOR_EVERY_METHOD(PoolAgeTest);

TEST_P(PoolAgeTest, AWorkerThatIsIdleAndTooOld_IsReplaced) {
  absl::StatusOr<Pool> pool = Pool::Create(Aging(1, absl::Milliseconds(200)));
  ASSERT_OK(pool);
  const absl::StatusOr<int64_t> first = pool->Apply(fn<&OwnId>);
  ASSERT_OK(first);
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(*first); }));
  EXPECT_NE(pool->Submit(fn<&OwnId>).Get(kPatience).value_or(*first), *first);
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

int64_t WaitForGate(const std::string& prefix) {
  tests::WriteFile(prefix + "began", "x");
  WaitUntil([&] { return !tests::ReadFile(prefix + "open").empty(); }, 2 * kPatience);
  return this_process::id();
}

TEST_P(PoolAgeTest, AWorkerThatIsTooOldAndWorks_FinishesItsTaskFirst) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Aging(2, absl::Milliseconds(200)));
  ASSERT_OK(pool);
  Future<int64_t> task = pool->Submit(fn<&WaitForGate>, folder.File(""));
  ASSERT_TRUE(WaitUntil([&] { return !tests::ReadFile(folder.File("began")).empty(); }));
  // The one that idles is replaced meanwhile, again and again, and work goes on.
  EXPECT_TRUE(WaitUntil([&] { return pool->stats().workers_started >= 4; }));
  EXPECT_OK(pool->Submit(fn<&OwnId>).Get(kPatience));
  EXPECT_FALSE(task.Ready());
  tests::WriteFile(folder.File("open"), "x");
  const absl::StatusOr<int64_t> id = task.Get(kPatience);
  ASSERT_OK(id);
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(*id); }));
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

TEST_P(PoolAgeTest, WorkersOfTheSameAge_AreReplacedOneAtATime) {
  absl::StatusOr<Pool> pool = Pool::Create(Aging(4, absl::Milliseconds(100)));
  ASSERT_OK(pool);
  int fewest = 4;
  EXPECT_TRUE(WaitUntil([&] {
    const PoolStats stats = pool->stats();
    fewest = std::min(fewest, stats.workers);
    return stats.workers_started >= 12;
  }));
  EXPECT_GE(fewest, 3);
}

TEST_P(PoolAgeTest, HoweverShortTheirLives_TheWorkGetsDone) {
  absl::StatusOr<Pool> pool = Pool::Create(Aging(2, absl::Nanoseconds(1)));
  ASSERT_OK(pool);
  std::vector<Future<int64_t>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(pool->Submit(fn<&OwnId>));
  for (Future<int64_t>& future : futures) EXPECT_OK(future.Get(kPatience));
  pool->Close();
  EXPECT_OK(pool->Join(kPatience));
}

int64_t IdAfterAMoment(int) {
  absl::SleepFor(absl::Milliseconds(5));
  return this_process::id();
}

TEST_P(PoolAgeTest, AChunk_EndsAtTheElementAtWhichItsWorkerIsTooOld) {
  absl::StatusOr<Pool> pool = Pool::Create(Aging(1, absl::Milliseconds(50)));
  ASSERT_OK(pool);
  std::vector<int> inputs(60);
  std::iota(inputs.begin(), inputs.end(), 0);
  const auto ids = pool->Map(fn<&IdAfterAMoment>, inputs, {.chunk_size = 60});
  ASSERT_OK(ids);
  EXPECT_EQ(ids->size(), 60u);
  EXPECT_GE(std::set<int64_t>(ids->begin(), ids->end()).size(), 3u);
  EXPECT_EQ(pool->stats().done, 60);
}

TEST_P(PoolAgeTest, AnAgeThatIsNotPositive_IsRefused) {
  for (absl::Duration age : {absl::ZeroDuration(), absl::Seconds(-1), -absl::InfiniteDuration()}) {
    EXPECT_THAT(Pool::Create(Aging(1, age)), IsError(absl::StatusCode::kInvalidArgument, "max_worker_age"));
  }
}

}  // namespace
}  // namespace progeny
