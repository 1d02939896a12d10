// Pools whose workers die or run too long: one task pays, nobody waits.
#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::OwnId;
using tests::Square;
using tests::Vanish;
using tests::WaitUntil;

class PoolDeathsTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolDeathsTest);

// 1. A worker that is killed hangs the pool for ever.
TEST_P(PoolDeathsTest, Pain01_AKilledWorkersTask_IsAborted_AndTheRestGoesOn) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  Future<int> victim = pool->Submit(fn<&tests::SleepAndTell>, folder.File("victim"));
  std::vector<Future<int>> others;
  for (int i = 0; i < 200; ++i) others.push_back(pool->Submit(fn<&Square>, i));
  tests::EndProcess(tests::IdIn(folder.File("victim")));
  const absl::StatusOr<int> outcome = victim.Get(kPatience);
  EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "ended before it answered"));
  EXPECT_TRUE(ExitStatusOf(outcome.status()).has_value());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(*others[static_cast<size_t>(i)].Get(kPatience), i * i);
  EXPECT_EQ(pool->stats().workers_lost, 1);
  EXPECT_TRUE(WaitUntil([&] { return pool->stats().workers == 2; }));
  EXPECT_EQ(*pool->Apply(fn<&Square>, 7), 49);
}

TEST_P(PoolDeathsTest, ADeath_IsToldWithinAHundredMilliseconds) {
  if (tests::kSanitized || tests::UnderWine()) GTEST_SKIP() << "both slow down what is promised here";
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  absl::Duration took = absl::InfiniteDuration();
  // A busy machine may take the processor away from any one try.
  for (int i = 0; i < 10 && took >= absl::Milliseconds(100); ++i) {
    const std::string file = folder.File(std::to_string(i));
    Future<int> victim = pool->Submit(fn<&tests::SleepAndTell>, file);
    const int64_t id = tests::IdIn(file);
    const absl::Time killed = absl::Now();
    tests::EndProcess(id);
    EXPECT_THAT(victim.Get(kPatience), IsError(absl::StatusCode::kAborted, ""));
    took = std::min(took, absl::Now() - killed);
  }
  EXPECT_LT(took, absl::Milliseconds(100));
}

// 2. A worker that is killed takes a lock along.
TEST_P(PoolDeathsTest, Pain02_WorkersKilledOneAfterTheOther_WedgeNobody) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (int round = 0; round < 5; ++round) {
    const absl::StatusOr<int64_t> id = pool->Apply(fn<&OwnId>);
    ASSERT_OK(id);
    tests::EndProcess(*id);  // idle, or about to sleep on its word
    for (int i = 0; i < 20; ++i) {
      const absl::StatusOr<int> square = pool->Submit(fn<&Square>, i).Get(kPatience);
      // The one that was about to be run by the process that was just killed may be lost.
      if (square.ok()) {
        EXPECT_EQ(*square, i * i);
      }
    }
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 9), 81);
}

// 3. terminate() corrupts what was being written.
TEST_P(PoolDeathsTest, Pain03_Terminate_WithThousandsOfTasks_TellsEachExactlyOnce) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const tests::TempDir folder;
  std::vector<Future<int>> futures;
  futures.push_back(pool->Submit(fn<&tests::SleepAndTell>, folder.File("one")));
  futures.push_back(pool->Submit(fn<&tests::SleepAndTell>, folder.File("two")));
  for (int i = 0; i < 10000; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
  tests::IdIn(folder.File("one"));
  pool->Terminate();
  EXPECT_OK(pool->Join(kPatience));
  for (Future<int>& future : futures) {
    const absl::StatusOr<int> outcome = future.Get(absl::ZeroDuration());
    if (!outcome.ok()) {
      EXPECT_THAT(outcome, IsError(absl::StatusCode::kCancelled, ""));
    }
  }
  EXPECT_THAT(pool->Submit(fn<&Square>, 1).Get(kPatience),
              IsError(absl::StatusCode::kCancelled, "terminated"));
}

int ExitUnlessThere(const std::string& file) {
  if (!tests::ReadFile(file).empty()) return 7;
  tests::WriteFile(file, "x");
  std::_Exit(5);
}

TEST_P(PoolDeathsTest, Retries_RunATaskAgainWhoseWorkerDied) {
  const tests::TempDir folder;
  PoolOptions options = Workers(1);
  options.retries = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&ExitUnlessThere>, folder.File("tried")), 7);
  EXPECT_THAT(pool->Apply(fn<&Vanish>, 4), IsError(absl::StatusCode::kAborted, "exit code 4"));
}

int ExitAtSeven(int x) {
  if (x == 7) std::_Exit(3);
  return x;
}

TEST_P(PoolDeathsTest, ATaskThatKillsItsWorkers_IsRefusedWithTheListOfDeaths) {
  PoolOptions options = Workers(1);
  options.retries = 100;
  options.quarantine_after = 3;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const absl::StatusOr<int> answer = pool->Apply(fn<&Vanish>, 4);
  EXPECT_THAT(answer, IsError(absl::StatusCode::kAborted, "ended 3 workers and is in quarantine: 'PoolWorker-1'"));
  EXPECT_EQ(std::ranges::count(std::string(answer.status().message()), ';'), 2) << answer.status();
  EXPECT_EQ(ExitStatusOf(answer.status())->exit_code(), 4);
  EXPECT_EQ(*pool->Apply(fn<&ExitAtSeven>, 1), 1) << "the pool goes on";
}

TEST_P(PoolDeathsTest, ADeathInsideAChunk_TakesOneElementOnly) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  std::vector<int> inputs(20);
  std::iota(inputs.begin(), inputs.end(), 0);
  const auto outcomes = pool->MapEach(fn<&ExitAtSeven>, inputs, {.chunk_size = 10});
  ASSERT_OK(outcomes);
  ASSERT_EQ(outcomes->size(), 20u);
  for (int i = 0; i < 20; ++i) {
    const absl::StatusOr<int>& outcome = (*outcomes)[static_cast<size_t>(i)];
    if (i == 7) {
      EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "exit code 3"));
    } else {
      EXPECT_EQ(*outcome, i);
    }
  }
}

// 17. A timeout that doesn't stop the work.
TEST_P(PoolDeathsTest, Pain17_ATaskThatRunsTooLong_IsEndedWithItsProcess) {
  const tests::TempDir folder;
  PoolOptions options = Workers(2);
  options.task_timeout = absl::Milliseconds(300);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  Future<int> slow = pool->Submit(fn<&tests::SleepAndTell>, folder.File("slow"));
  const int64_t id = tests::IdIn(folder.File("slow"));
  std::vector<Future<int>> others;
  for (int i = 0; i < 100; ++i) others.push_back(pool->Submit(fn<&Square>, i));
  EXPECT_THAT(slow.Get(kPatience), IsError(absl::StatusCode::kDeadlineExceeded, "task_timeout"));
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(id); }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*others[static_cast<size_t>(i)].Get(kPatience), i * i);
}

}  // namespace
}  // namespace progeny
