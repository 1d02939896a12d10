// Pools: submitting, waiting, closing.
#include "progeny/pool.h"

#include <atomic>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/as_completed.h"
#include "progeny/process.h"
#include "progeny/wait.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Square;
using tests::WaitUntil;

class PoolTest : public tests::EveryMethodPool {};

TEST_P(PoolTest, Submit_GivesTheResult) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 100; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
  for (int i = 0; i < 100; ++i) {
    const absl::StatusOr<int> square = futures[static_cast<size_t>(i)].Get(kPatience);
    ASSERT_OK(square);
    EXPECT_EQ(*square, i * i);
  }
}

std::string Twice(const std::string& text) { return text + text; }

TEST_P(PoolTest, Apply_CarriesBytesOfAnySize) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (size_t size : {size_t{0}, size_t{1}, size_t{12000}, size_t{13000}, size_t{5000000}}) {
    const std::string text(size, 'x');
    const absl::StatusOr<std::string> twice = pool->Apply(fn<&Twice>, text);
    ASSERT_OK(twice);
    EXPECT_EQ(*twice, text + text) << size;
  }
}

TEST_P(PoolTest, Map_GivesAllResultsInOrder_WhateverTheChunk) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(3));
  ASSERT_OK(pool);
  std::vector<int> inputs(2000);
  std::iota(inputs.begin(), inputs.end(), 0);
  for (int64_t chunk : {0, 1, 20, 5000}) {
    const absl::StatusOr<std::vector<int>> squares =
        pool->Map(fn<&Square>, inputs, {.chunk_size = chunk});
    ASSERT_OK(squares);
    ASSERT_EQ(squares->size(), inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) ASSERT_EQ((*squares)[i], inputs[i] * inputs[i]);
  }
}

double Power(double base, int exponent) {
  double result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

TEST_P(PoolTest, StarMap_TakesTuples) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const std::vector<std::pair<double, int>> pairs = {{2, 3}, {10, 2}, {7, 0}};
  EXPECT_THAT(*pool->StarMap(fn<&Power>, pairs), testing::ElementsAre(8, 100, 1));
  EXPECT_THAT(*pool->StarMap(fn<&Power>, {std::tuple(3.0, 2)}), testing::ElementsAre(9));
}

TEST_P(PoolTest, Map_OfNothing_IsNothing) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const std::vector<int> none;
  EXPECT_THAT(*pool->Map(fn<&Square>, none), testing::IsEmpty());
  EXPECT_THAT(*pool->Map(fn<&Square>, none, {.chunk_size = 7}), testing::IsEmpty());
  EXPECT_THAT(*pool->MapEach(fn<&Square>, none), testing::IsEmpty());
  EXPECT_THAT(*pool->MapAsync(fn<&Square>, none).Get(kPatience), testing::IsEmpty());
  for (absl::StatusOr<int>& nobody : pool->IMap(fn<&Square>, none)) ADD_FAILURE() << nobody.status();
}

TEST_P(PoolTest, MapAsync_And_StarMapAsync_GiveAFutureOfAll) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  Future<std::vector<int>> squares = pool->MapAsync(fn<&Square>, std::vector<int>{1, 2, 3});
  const std::vector<std::pair<double, int>> pairs = {{2, 3}};
  Future<std::vector<double>> powers = pool->StarMapAsync(fn<&Power>, pairs);
  EXPECT_THAT(*squares.Get(kPatience), testing::ElementsAre(1, 4, 9));
  EXPECT_THAT(*powers.Get(kPatience), testing::ElementsAre(8));
}

TEST_P(PoolTest, IMap_KeepsTheOrder_And_IMapUnordered_GivesTheSameValues) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(3));
  ASSERT_OK(pool);
  std::vector<int> inputs(500);
  std::iota(inputs.begin(), inputs.end(), 0);
  int next = 0;
  for (absl::StatusOr<int>& square : pool->IMap(fn<&Square>, inputs)) {
    ASSERT_OK(square);
    EXPECT_EQ(*square, next * next);
    ++next;
  }
  EXPECT_EQ(next, 500);
  std::set<int> seen;
  for (absl::StatusOr<int>& square : pool->IMapUnordered(fn<&Square>, inputs, {.chunk_size = 7})) {
    ASSERT_OK(square);
    seen.insert(*square);
  }
  EXPECT_EQ(seen.size(), 500u);
}

struct Scale {
  int factor = 1;
  int operator()(int x) const { return x * factor; }
};

TEST_P(PoolTest, AFunctionObjectsState_TravelsAlong_LargeOrSmall) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(Scale{7}, 6), 42);
  EXPECT_THAT(*pool->Map(Scale{3}, {1, 2, 3}), testing::ElementsAre(3, 6, 9));
  struct Table {
    std::vector<int> values;
    int operator()(size_t at) const { return values.at(at); }
  };
  Table table{std::vector<int>(100000, 8)};
  EXPECT_THAT(*pool->Map(table, std::vector<size_t>{0, 99999}), testing::ElementsAre(8, 8));
}

TEST_P(PoolTest, OnReady_IsCalledOnceEach_WithValuesAndWithErrors) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::atomic<int> sum{0};
  std::atomic<int> calls{0};
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) {
    futures.push_back(pool->Submit(fn<&Square>, i % 5));
    futures.back().OnReady([&](const absl::StatusOr<int>& square) {
      sum += square.value_or(0);
      ++calls;
      throw std::runtime_error("logged and dropped");
    });
  }
  EXPECT_TRUE(WaitUntil([&] { return calls == 50; }));
  EXPECT_EQ(sum, 300);
}

TEST_P(PoolTest, WaitAny_And_WaitAll_TakeFuturesOfPools) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  Future<int> one = pool->Submit(fn<&Square>, 1);
  Future<int> two = pool->Submit(fn<&Square>, 2);
  EXPECT_OK(WaitAny({one, two}, kPatience));
  EXPECT_OK(WaitAll({one, two}, kPatience));
  EXPECT_TRUE(one.Ready());
  EXPECT_TRUE(two.Ready());
}

TEST_P(PoolTest, AsCompleted_YieldsEachOnce_AndEndsAtItsTimeout) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
  std::set<int> seen;
  for (Future<int>& future : AsCompleted(futures)) seen.insert(*future.Get(absl::ZeroDuration()));
  EXPECT_EQ(seen.size(), 20u);
  std::vector<Future<int>> slow;
  slow.push_back(pool->Submit([] { return tests::WaitUntil([] { return false; }, kPatience) ? 0 : 1; }));
  for (Future<int>& future : AsCompleted(slow, absl::Milliseconds(5))) ADD_FAILURE() << future.Ready();
  EXPECT_TRUE(slow[0].Cancel());
}

TEST_P(PoolTest, Get_PastItsTimeout_MayBeCalledAgain) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  const tests::TempDir folder;
  Future<int> waits = pool->Submit(
      [](const std::string& file) {
        return tests::WaitUntil([&] { return !tests::ReadFile(file).empty(); }) ? 5 : 6;
      },
      folder.File("go"));
  EXPECT_THAT(waits.Get(absl::Milliseconds(1)), IsError(absl::StatusCode::kDeadlineExceeded, ""));
  tests::WriteFile(folder.File("go"), "now");
  EXPECT_EQ(*waits.Get(kPatience), 5);
  EXPECT_THAT(waits.Get(kPatience), IsError(absl::StatusCode::kFailedPrecondition, ""));
}

TEST_P(PoolTest, Close_FinishesWhatWasSubmitted_AndRefusesMore) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Join(), IsError(absl::StatusCode::kFailedPrecondition, "close"));
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
  pool->Close();
  EXPECT_THAT(pool->Submit(fn<&Square>, 1).Get(kPatience),
              IsError(absl::StatusCode::kFailedPrecondition, "closed"));
  EXPECT_OK(pool->Join(kPatience));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(*futures[static_cast<size_t>(i)].Get(absl::ZeroDuration()), i * i);
  const PoolStats stats = pool->stats();
  EXPECT_EQ(stats.workers, 0);
  EXPECT_EQ(stats.done, 50);
  EXPECT_EQ(stats.workers_started, 2);
  EXPECT_EQ(stats.workers_lost, 0);
}

TEST_P(PoolTest, Destroyed_ItFinishesWhatWasSubmitted_AndFuturesStay) {
  std::vector<Future<int>> futures;
  {
    absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
    ASSERT_OK(pool);
    for (int i = 0; i < 50; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
    (void)pool->Submit(fn<&Square>, 99);  // let go of
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(*futures[static_cast<size_t>(i)].Get(absl::ZeroDuration()), i * i);
}

TEST_P(PoolTest, ManyThreads_ShareOnePool) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        if (pool->Apply(fn<&Square>, t * 100 + i).value_or(-1) != (t * 100 + i) * (t * 100 + i)) ++wrong;
      }
      const absl::StatusOr<std::vector<int>> squares = pool->Map(fn<&Square>, {t, t + 1});
      if (!squares.ok() || (*squares)[1] != (t + 1) * (t + 1)) ++wrong;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// 20. The same random numbers in every forked worker.
TEST_P(PoolTest, Pain20_SeedsDifferByTask_AndAreTheSameForAnyNumberOfWorkers) {
  const std::vector<int> hundred(100);
  const auto seeds_with = [&](int workers, int64_t chunk) {
    absl::StatusOr<Pool> pool = Pool::Create(Workers(workers));
    EXPECT_OK(pool);
    const auto pairs = pool->Map([](int) { return std::pair(TaskIndex(), TaskSeed()); }, hundred,
                                 {.chunk_size = chunk});
    EXPECT_OK(pairs);
    return *pairs;
  };
  const auto seeds = seeds_with(1, 0);
  EXPECT_EQ(seeds, seeds_with(3, 7));
  std::set<uint64_t> distinct;
  for (size_t i = 0; i < seeds.size(); ++i) {
    EXPECT_EQ(seeds[i].first, static_cast<int64_t>(i));
    distinct.insert(seeds[i].second);
  }
  EXPECT_EQ(distinct.size(), 100u);
  EXPECT_EQ(TaskIndex(), -1);
  EXPECT_EQ(TaskSeed(), 0u);
}

// 19. 160 workers in a container of two CPUs.
TEST_P(PoolTest, Pain19_ThereAreAsManyWorkersAsUsableCpus_UnlessTold) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(0));
  ASSERT_OK(pool);
  EXPECT_EQ(pool->stats().workers, UsableCpus());
}

// 13. 61 workers on Windows.
TEST_P(PoolTest, Pain13_MoreThanSixtyFourWorkers) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(tests::kSanitized ? 10 : 70));
  ASSERT_OK(pool);
  std::vector<int> inputs(300);
  std::iota(inputs.begin(), inputs.end(), 0);
  const absl::StatusOr<std::vector<int>> squares = pool->Map(fn<&Square>, inputs, {.chunk_size = 1});
  ASSERT_OK(squares);
  EXPECT_EQ((*squares)[299], 299 * 299);
}

// 21. Nested pools are refused.
absl::StatusOr<int> Deeper(StartMethod method, int depth) {
  PoolOptions options;
  options.workers = 1;
  options.process.start_method = method;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  if (!pool.ok()) return absl::IsFailedPrecondition(pool.status()) ? absl::StatusOr<int>(depth) : pool.status();
  return pool->Apply(fn<&Deeper>, method, depth + 1);
}

TEST_P(PoolTest, Pain21_PoolsInsidePools_WorkUpToADepthOfEight) {
  if (tests::kThreadSanitized && forks()) GTEST_SKIP() << "ThreadSanitizer lets no forked child have threads";
  const absl::StatusOr<int> depth = Deeper(GetParam(), 0);
  ASSERT_OK(depth);
  EXPECT_EQ(*depth, 8);
}

TEST_P(PoolTest, InAForkedChild_ThePoolIsTheParents) {
  if (!tests::HasFork()) GTEST_SKIP() << "this system has no fork";
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  absl::StatusOr<Process> child = Process::Fork([&] {
    if (!absl::IsFailedPrecondition(pool->Apply(fn<&Square>, 2).status())) return 1;
    if (!absl::IsFailedPrecondition(pool->Join())) return 2;
    pool->Terminate();
    const Pool mine = *std::move(pool);
    return 0;
  });
  ASSERT_OK(child);
  const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
  ASSERT_OK(end);
  EXPECT_EQ(end->ToString(), "exit code 0");
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

PROGENY_FOR_EVERY_METHOD(PoolTest);

}  // namespace
}  // namespace progeny
