// Apply of what is flat: from the caller's stack to a worker and back, whatever becomes of worker and pool meanwhile.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "stress/pool_chaos.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Square;
using tests::WaitUntil;

class PoolApplyTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolApplyTest);

template <size_t kNumbers>
std::array<int64_t, kNumbers> Mirrored(const std::array<int64_t, kNumbers>& numbers) {
  std::array<int64_t, kNumbers> mirrored;
  std::copy(numbers.rbegin(), numbers.rend(), mirrored.begin());
  return mirrored;
}
template <size_t kNumbers>
int64_t Sum(const std::array<int64_t, kNumbers>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
}
template <size_t kNumbers>
std::array<int64_t, kNumbers> Copies(int64_t x) {
  std::array<int64_t, kNumbers> copies;
  copies.fill(x);
  return copies;
}

template <size_t kNumbers>
void ExpectAllOfSize(Pool& pool, int64_t x) {
  std::array<int64_t, kNumbers> numbers;
  std::iota(numbers.begin(), numbers.end(), x);
  const auto mirrored = pool.Apply(fn<&Mirrored<kNumbers>>, numbers);
  ASSERT_OK(mirrored);
  EXPECT_EQ(*mirrored, Mirrored(numbers));
  EXPECT_EQ(*pool.Apply(fn<&Sum<kNumbers>>, numbers), Sum(numbers));
  EXPECT_EQ(*pool.Apply(fn<&Copies<kNumbers>>, x), Copies<kNumbers>(x));
}

// Those that fit beside the tail of a ring, those that don't, both in turns, past the ring's end.
TEST_P(PoolApplyTest, ArgumentsAndResults_OfEverySize_ComeWhole) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  const int rounds = tests::kSanitized || tests::UnderWine() ? 50 : 300;
  for (int64_t round = 0; round < rounds; ++round) {
    ExpectAllOfSize<1>(*pool, round);
    ExpectAllOfSize<3>(*pool, round);
    ExpectAllOfSize<4>(*pool, round);
    ExpectAllOfSize<5>(*pool, round);
    ExpectAllOfSize<6>(*pool, round);
    ExpectAllOfSize<63>(*pool, round);
    ExpectAllOfSize<64>(*pool, round);
    ExpectAllOfSize<65>(*pool, round);
  }
  EXPECT_EQ(pool->stats().done, 3 * 8 * rounds);
  EXPECT_EQ(pool->stats().queued, 0);
}

void Nothing(int) {}
absl::Status Refuses(int x) { return x > 0 ? absl::OutOfRangeError("too much") : absl::OkStatus(); }
absl::StatusOr<int> Half(int x) {
  if (x % 2 != 0) return absl::InvalidArgumentError("odd");
  return x / 2;
}
bool IsEven(int x) { return x % 2 == 0; }
int Throws(int x) { throw std::runtime_error(x > 0 ? "positive" : "not positive"); }

TEST_P(PoolApplyTest, StatusesAndExceptions_AreTheOutcome) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (int round = 0; round < 3; ++round) {
    EXPECT_OK(pool->Apply(fn<&Nothing>, 1));
    EXPECT_OK(pool->Apply(fn<&Refuses>, 0));
    EXPECT_THAT(pool->Apply(fn<&Refuses>, 1), IsError(absl::StatusCode::kOutOfRange, "too much"));
    EXPECT_EQ(*pool->Apply(fn<&Half>, 14), 7);
    EXPECT_THAT(pool->Apply(fn<&Half>, 7), IsError(absl::StatusCode::kInvalidArgument, "odd"));
    EXPECT_TRUE(*pool->Apply(fn<&IsEven>, 2));
    EXPECT_FALSE(*pool->Apply(fn<&IsEven>, 3));
    EXPECT_THAT(pool->Apply(fn<&Throws>, 1), IsError(absl::StatusCode::kUnknown, "positive"));
  }
  EXPECT_EQ(pool->stats().failed, 9);
}

std::pair<int64_t, uint64_t> OwnPlace(int) { return {TaskIndex(), TaskSeed()}; }

TEST_P(PoolApplyTest, IndexAndSeed_AreThoseOfASubmit) {
  PoolOptions options = Workers(1);
  options.seed = 5;
  absl::StatusOr<Pool> applied = Pool::Create(options);
  ASSERT_OK(applied);
  absl::StatusOr<Pool> submitted = Pool::Create(options);
  ASSERT_OK(submitted);
  for (int64_t i = 0; i < 10; ++i) {
    const absl::StatusOr<std::pair<int64_t, uint64_t>> place = applied->Apply(fn<&OwnPlace>, 0);
    ASSERT_OK(place);
    EXPECT_EQ(place->first, i);
    EXPECT_EQ(*place, *submitted->Submit(fn<&OwnPlace>, 0).Get(kPatience));
  }
}

TEST_P(PoolApplyTest, FromFourThreads_BesideAMap_EachHasItsOwnAnswers) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  constexpr int kCalls = 300;
  std::atomic<int> at_work{4};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const absl::StatusOr<int> square = pool->Apply(fn<&Square>, t * kCalls + i);
        EXPECT_OK(square);
        if (square.ok()) {
          EXPECT_EQ(*square, (t * kCalls + i) * (t * kCalls + i));
        }
      }
      --at_work;
    });
  }
  const std::vector<int> nines(100, 9);
  int64_t maps = 0;
  for (; at_work > 0; ++maps) {
    const absl::StatusOr<std::vector<int>> squares = pool->Map(fn<&Square>, nines, {.chunk_size = maps % 3});
    EXPECT_OK(squares);
    if (squares.ok()) {
      EXPECT_EQ(*squares, std::vector<int>(100, 81));
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool->stats().done, 4 * kCalls + maps * 100);
}

int64_t Length(const std::vector<int64_t>& numbers) { return static_cast<int64_t>(numbers.size()); }

// After an Apply nobody looks at the bell as long as the pool is quiet. Each of these ends the quiet.
TEST_P(PoolApplyTest, WhatComesAfterIt_WakesThePool) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const auto apply = [&] {
    for (int i = 0; i < 20; ++i) ASSERT_EQ(*pool->Apply(fn<&Square>, i), i * i);
  };
  for (int round = 0; round < 5; ++round) {
    apply();
    Future<int> submitted = pool->Submit(fn<&Square>, 7);
    EXPECT_TRUE(WaitUntil([&] { return submitted.Ready(); })) << "nobody helps a future that is not waited for";
    apply();
    Future<std::vector<int>> mapped = pool->MapAsync(fn<&Square>, std::vector<int>(500, 3));
    EXPECT_TRUE(WaitUntil([&] { return mapped.Ready(); }));
    apply();
    Future<int64_t> large = pool->Submit(fn<&Length>, std::vector<int64_t>(100'000, 1));
    EXPECT_TRUE(WaitUntil([&] { return large.Ready(); }));
    EXPECT_EQ(*large.Get(), 100'000);
  }
  apply();
  const int64_t started = pool->stats().workers_started;
  ASSERT_TRUE(WaitUntil([&] { return ActiveChildren().size() >= 2; }));
  for (const ProcessInfo& child : ActiveChildren()) {
    if (child.name == "PoolWorker-1") tests::EndProcess(child.id);
  }
  EXPECT_TRUE(WaitUntil([&] { return pool->stats().workers_started > started; })) << "its place is filled";
  apply();
  pool->Close();
  EXPECT_OK(pool->Join(kPatience));
}

TEST_P(PoolApplyTest, BesideClose_AnswersOrSaysThatItIsClosed) {
  for (int round = 0; round < (forks() ? 20 : 3); ++round) {
    absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
    ASSERT_OK(pool);
    std::atomic<int> answers{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < 2; ++t) {
      callers.emplace_back([&] {
        while (true) {
          const absl::StatusOr<int> square = pool->Apply(fn<&Square>, 6);
          if (!square.ok()) {
            EXPECT_THAT(square, IsError(absl::StatusCode::kFailedPrecondition, "closed"));
            return;
          }
          EXPECT_EQ(*square, 36);
          ++answers;
        }
      });
    }
    EXPECT_TRUE(WaitUntil([&] { return answers > 50 * (round % 3); }));
    pool->Close();
    EXPECT_OK(pool->Join(kPatience));
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(pool->stats().done, answers);
  }
}

int Sleeps(int x) { return absl::SleepFor(2 * kPatience), x; }

TEST_P(PoolApplyTest, BesideTerminate_AnswersOrIsCancelled) {
  for (int round = 0; round < (forks() ? 20 : 3); ++round) {
    absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
    ASSERT_OK(pool);
    std::atomic<int> answers{0};
    std::thread sleeper([&] {
      EXPECT_THAT(pool->Apply(fn<&Sleeps>, 1), IsError(absl::StatusCode::kCancelled, "terminated"));
    });
    std::thread caller([&] {
      while (true) {
        const absl::StatusOr<int> square = pool->Apply(fn<&Square>, 6);
        if (!square.ok()) {
          EXPECT_THAT(square, IsError(absl::StatusCode::kCancelled, "terminated"));
          return;
        }
        ++answers;
      }
    });
    EXPECT_TRUE(WaitUntil([&] { return answers > 50 * (round % 3); }));
    pool->Terminate();
    EXPECT_OK(pool->Join(kPatience));
    caller.join();
    sleeper.join();
    EXPECT_EQ(pool->stats().queued, 0);
  }
}

int ExitAt(int code) { std::_Exit(code); }

TEST_P(PoolApplyTest, ADeathUnderIt_IsAborted_AndThePoolGoesOn) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (int round = 0; round < 3; ++round) {
    // What a run of flat elements has left in the worker's memory is not taken for an answer.
    EXPECT_OK(pool->Map(fn<&Square>, std::vector<int>(50, 2), {.chunk_size = 50}));
    EXPECT_EQ(*pool->Apply(fn<&Square>, 5), 25);
    const absl::StatusOr<int> dead = pool->Apply(fn<&ExitAt>, 7);
    EXPECT_THAT(dead, IsError(absl::StatusCode::kAborted, "exit code 7"));
    EXPECT_EQ(ExitStatusOf(dead.status())->exit_code(), 7);
    EXPECT_EQ(*pool->Apply(fn<&Square>, 6), 36);
  }
}

TEST_P(PoolApplyTest, AWorkerThatIsKilledUnderALongOne_TellsItsCaller) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&Square>, 5), 25);
  std::thread caller([&] {
    EXPECT_THAT(pool->Apply(fn<&Sleeps>, 1), IsError(absl::StatusCode::kAborted, "ended before it answered"));
  });
  EXPECT_TRUE(WaitUntil([&] { return pool->stats().running == 1; }));
  for (const ProcessInfo& child : ActiveChildren()) {
    if (child.name == "PoolWorker-1") tests::EndProcess(child.id);
  }
  caller.join();
  EXPECT_EQ(*pool->Apply(fn<&Square>, 6), 36);
}

TEST_P(PoolApplyTest, WorkersKilledAtAnyInstant_LeaveOneOutcomeEach) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine can leave a process whose start is cut off";
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  tests::Outcomes outcomes;
  const int tasks = tests::kSanitized ? 2'000 : forks() ? 20'000 : 5'000;
  {
    const tests::Killer killer(*pool);
    for (int i = 0; i < tasks; ++i) {
      if (!outcomes.Count(pool->Apply(fn<&Square>, i % 1000), (i % 1000) * (i % 1000))) break;
    }
  }
  tests::ExpectOneOutcomeEach(*pool, outcomes, tasks);
}

TEST_P(PoolApplyTest, AWorkerPerTask_AnswersEach) {
  PoolOptions options = Workers(1);
  options.max_tasks_per_worker = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(*pool->Apply(fn<&Square>, i), i * i);
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

TEST_P(PoolApplyTest, ThatIsLate_IsToldSo_AndTheNextOneAnswers) {
  PoolOptions options = Workers(1);
  options.task_timeout = absl::Milliseconds(100);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(*pool->Apply(fn<&Square>, 4), 16);
    EXPECT_THAT(pool->Apply(fn<&Sleeps>, 1), IsError(absl::StatusCode::kDeadlineExceeded, "task_timeout"));
  }
}

int AppliedInside(int x) {
  PoolOptions options;
  options.workers = 1;
  absl::StatusOr<Pool> inner = Pool::Create(std::move(options));
  return inner.ok() ? inner->Apply(fn<&Square>, x).value_or(-1) : -2;
}

TEST_P(PoolApplyTest, InsideOfATask_AnswersToo) {
  if (tests::kThreadSanitized && GetParam() != StartMethod::kSpawn) {
    GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork of a program with several";
  }
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*pool->Apply(fn<&AppliedInside>, 12 + i), (12 + i) * (12 + i));
}

}  // namespace
}  // namespace progeny
