// Elements whose arguments and results are flat: they run many at a time, and each is still an outcome of
// its own, whatever becomes of its neighbours.
#include <cstdlib>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/this_process.h"
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
using tests::WideSquare;

struct Point {
  double x;
  int64_t y;
  bool operator==(const Point&) const = default;
};

class PoolFlatTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolFlatTest);

bool IsOdd(int x) { return x % 2 != 0; }
Point Moved(Point point, double by) { return {point.x + by, point.y + 1}; }
std::pair<int64_t, bool> Split(int64_t x) { return {x / 2, x % 2 != 0}; }

std::vector<int64_t> UpTo(int64_t count) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), int64_t{0});
  return numbers;
}

TEST_P(PoolFlatTest, ResultsAreRight_WhateverTheChunk) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(3));
  ASSERT_OK(pool);
  const std::vector<int64_t> numbers = UpTo(20'000);
  for (const int64_t chunk : {0, 1, 7, 5'000, 50'000}) {
    const auto squares = pool->Map(fn<&WideSquare>, numbers, {.chunk_size = chunk});
    ASSERT_OK(squares);
    ASSERT_EQ(squares->size(), numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ((*squares)[i], numbers[i] * numbers[i]) << chunk;
  }
}

TEST_P(PoolFlatTest, EveryCall_TakesEveryFlatType) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Map(fn<&IsOdd>, {1, 2, 3}), (std::vector<bool>{true, false, true}));
  const std::vector<std::pair<Point, double>> points = {{{1, 2}, 0.5}, {{3, 4}, 1.5}};
  EXPECT_EQ(*pool->StarMap(fn<&Moved>, points), (std::vector<Point>{{1.5, 3}, {4.5, 5}}));
  EXPECT_EQ(*pool->MapAsync(fn<&Split>, std::vector<int64_t>{4, 5}).Get(kPatience),
            (std::vector<std::pair<int64_t, bool>>{{2, false}, {2, true}}));
  EXPECT_EQ(*pool->Apply(fn<&Moved>, Point{1, 1}, 2.0), (Point{3, 2}));
  EXPECT_EQ(*pool->Submit(fn<&IsOdd>, 3).Get(kPatience), true);
  int64_t next = 0;
  for (const absl::StatusOr<int64_t>& square : pool->IMap(fn<&WideSquare>, UpTo(500), {.chunk_size = 9})) {
    ASSERT_OK(square);
    ASSERT_EQ(*square, next * next);
    ++next;
  }
  EXPECT_EQ(next, 500);
}

// 97 fails, 101 throws.
absl::StatusOr<int64_t> Picky(int64_t x) {
  if (x % 97 == 0) return absl::OutOfRangeError(absl::StrCat(x, " is refused"));
  if (x % 101 == 0) throw std::runtime_error(absl::StrCat(x, " is thrown"));
  return -x;
}

TEST_P(PoolFlatTest, ErrorsAndExceptions_StandInTheirPlaces) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (const int64_t chunk : {0, 1, 1'000}) {
    const auto outcomes = pool->MapEach(fn<&Picky>, UpTo(3'000), {.chunk_size = chunk});
    ASSERT_OK(outcomes);
    for (int64_t i = 0; i < 3'000; ++i) {
      const absl::StatusOr<int64_t>& outcome = (*outcomes)[static_cast<size_t>(i)];
      if (i % 97 == 0) {
        ASSERT_THAT(outcome, IsError(absl::StatusCode::kOutOfRange, absl::StrCat(i, " is refused")));
      } else if (i % 101 == 0) {
        ASSERT_THAT(outcome, IsError(absl::StatusCode::kUnknown, absl::StrCat(i, " is thrown")));
      } else {
        ASSERT_OK(outcome);
        ASSERT_EQ(*outcome, -i);
      }
    }
  }
}

std::pair<int64_t, uint64_t> IndexAndSeed(int64_t) { return {TaskIndex(), TaskSeed()}; }

TEST_P(PoolFlatTest, IndexAndSeed_AreEachElementsOwn) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const auto many = pool->Map(fn<&IndexAndSeed>, UpTo(2'000), {.chunk_size = 500});
  ASSERT_OK(many);
  std::set<uint64_t> seeds;
  for (size_t i = 0; i < many->size(); ++i) {
    EXPECT_EQ((*many)[i].first, static_cast<int64_t>(i));
    seeds.insert((*many)[i].second);
  }
  EXPECT_EQ(seeds.size(), many->size());
  PoolOptions again = Workers(1);
  absl::StatusOr<Pool> other = Pool::Create(again);
  ASSERT_OK(other);
  EXPECT_EQ(*other->Map(fn<&IndexAndSeed>, UpTo(2'000), {.chunk_size = 1}), *many);
}

TEST_P(PoolFlatTest, AHugeChunk_OfASmallRange_AsksForNoMoreMemoryThanThereIsWork) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  EXPECT_EQ(pool->Map(fn<&WideSquare>, UpTo(10), {.chunk_size = std::numeric_limits<int64_t>::max()})->back(), 81);
}

// Says that it holds more than any memory does, and throws.
struct Boundless {
  struct Iterator {
    using value_type = int64_t;
    using difference_type = int64_t;
    int64_t at = 0;
    int64_t operator*() const {
      if (at == 5) throw std::runtime_error("enough");
      return at;
    }
    Iterator& operator++() { return ++at, *this; }
    Iterator operator++(int) { return Iterator{at++}; }
    bool operator==(const Iterator&) const = default;
  };
  Iterator begin() const { return {}; }
  Iterator end() const { return {std::numeric_limits<int64_t>::max()}; }
  uint64_t size() const { return std::numeric_limits<int64_t>::max(); }
};

TEST_P(PoolFlatTest, ARangeThatSaysItIsHuge_MayFailAtItsFirstElements) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Map(fn<&WideSquare>, Boundless{}), IsError(absl::StatusCode::kUnknown, "enough"));
  EXPECT_EQ(*pool->Apply(fn<&WideSquare>, 4), 16);
}

// Says that it holds less than it does.
struct Modest : std::vector<int64_t> {
  using std::vector<int64_t>::vector;
  size_t size() const { return 10; }
};

TEST_P(PoolFlatTest, ARangeThatHoldsMoreThanItSays_IsMappedToItsEnd) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const std::vector<int64_t> numbers = UpTo(50'000);
  const Modest modest(numbers.begin(), numbers.end());
  for (const int64_t chunk : {1, 7, 1'000}) {
    const auto squares = pool->Map(fn<&WideSquare>, modest, {.chunk_size = chunk});
    ASSERT_OK(squares);
    EXPECT_TRUE(*squares == *pool->Map(fn<&WideSquare>, numbers)) << chunk;
  }
}

// ---- Deaths

std::string* folder_of_marks = nullptr;
void MarkIn(const std::string& folder) { folder_of_marks = new std::string(folder); }

// Leaves a file per element, and says whether it was there already.
bool MarkOrEnd(int64_t index) {
  const std::string file = absl::StrCat(*folder_of_marks, "/", index);
  const bool there = !tests::ReadFile(file).empty();
  tests::WriteFile(file, "x");
  if (index % 50 == 49) std::_Exit(3);
  return there;
}

TEST_P(PoolFlatTest, AnElementThatEndsItsWorker_IsTheOnlyOneLost_AndNoneRunsTwice) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2), fn<&MarkIn>, folder.path());
  ASSERT_OK(pool);
  const auto outcomes = pool->MapEach(fn<&MarkOrEnd>, UpTo(200), {.chunk_size = 100});
  ASSERT_OK(outcomes);
  for (size_t i = 0; i < 200; ++i) {
    const absl::StatusOr<bool>& outcome = (*outcomes)[i];
    if (i % 50 == 49) {
      EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "ended before it answered")) << i;
    } else {
      ASSERT_OK(outcome);
      EXPECT_FALSE(*outcome) << i << " has run twice";
    }
  }
  EXPECT_EQ(pool->stats().workers_lost, 4);
}

int64_t SpinAndSquare(int64_t x) {
  const absl::Time end = absl::Now() + absl::Microseconds(20);
  while (absl::Now() < end) {
  }
  return x * x;
}

TEST_P(PoolFlatTest, AWorkerKilledInTheMiddle_CostsAtMostTheElementItWasAt) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  const int64_t id = *pool->Apply(fn<&OwnId>);
  std::thread killer([id] {
    absl::SleepFor(absl::Milliseconds(30));  // somewhere in the map's time; the test holds wherever
    tests::EndProcess(id);
  });
  const auto outcomes = pool->MapEach(fn<&SpinAndSquare>, UpTo(10'000));
  killer.join();
  ASSERT_OK(outcomes);
  int lost = 0;
  for (int64_t i = 0; i < 10'000; ++i) {
    const absl::StatusOr<int64_t>& outcome = (*outcomes)[static_cast<size_t>(i)];
    if (outcome.ok()) {
      ASSERT_EQ(*outcome, i * i);
    } else {
      EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, ""));
      ++lost;
    }
  }
  EXPECT_LE(lost, 1);
}

// ---- Limits

TEST_P(PoolFlatTest, MaxTasksPerWorker_CountsElements) {
  PoolOptions options = Workers(1);
  options.max_tasks_per_worker = 100;
  absl::StatusOr<Pool> pool = Pool::Create(options);
  ASSERT_OK(pool);
  const auto squares = pool->Map(fn<&WideSquare>, UpTo(1'000), {.chunk_size = 300});
  ASSERT_OK(squares);
  EXPECT_EQ(squares->back(), 999 * 999);
  EXPECT_GE(pool->stats().workers_started, 10);
}

TEST_P(PoolFlatTest, TheFirstError_StopsARunThatHasBegun) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  // 0 is the first of them, but its worker may be the later one to start.
  EXPECT_THAT(pool->Map(fn<&Picky>, UpTo(200'000)), IsError(absl::StatusCode::kOutOfRange, " is refused"));
  EXPECT_EQ(*pool->Apply(fn<&WideSquare>, 12), 144);
}

int64_t SleepIfLarge(int64_t x) {
  if (x < 5'000) return 0;
  absl::SleepFor(absl::Milliseconds(100));
  return this_process::id();
}

// Dealt out together because those before them took no time.
TEST_P(PoolFlatTest, LongElementsBehindTinyOnes_AreSharedOut) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(4));
  ASSERT_OK(pool);
  const auto workers = [](const auto& ids) { return std::set<int64_t>(ids->end() - 12, ids->end()).size(); };
  // One that isn't up yet takes nothing.
  const std::vector<int64_t> long_ones(12, 6'000);
  ASSERT_TRUE(tests::WaitUntil([&] { return workers(pool->Map(fn<&SleepIfLarge>, long_ones, {.chunk_size = 1})) == 4; }));
  for (const int64_t chunk : {0, 1}) {
    const auto ids = pool->Map(fn<&SleepIfLarge>, UpTo(5'012), {.chunk_size = chunk});
    ASSERT_OK(ids);
    EXPECT_GE(workers(ids), 2u) << chunk;
  }
}

int64_t Hang(int64_t x) { return absl::SleepFor(2 * kPatience), x; }

TEST_P(PoolFlatTest, AStuckTaskOfAPoolThatWasIdle_IsEndedInTime) {
  PoolOptions options = Workers(1);
  options.task_timeout = absl::Milliseconds(200);
  absl::StatusOr<Pool> pool = Pool::Create(options);
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&WideSquare>, 3), 9);
  absl::SleepFor(absl::Milliseconds(50));  // the pool's threads are asleep
  EXPECT_THAT(pool->Submit(fn<&Hang>, 1).Get(kPatience), IsError(absl::StatusCode::kDeadlineExceeded, "task_timeout"));
  EXPECT_THAT(pool->Apply(fn<&Hang>, 1), IsError(absl::StatusCode::kDeadlineExceeded, "task_timeout"));
}

// Who waits does the pool's work meanwhile: for himself and for the others.
TEST_P(PoolFlatTest, ManyThreadsThatWait_AreAllServed) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int64_t i = 0; i < 200; ++i) {
        ASSERT_EQ(*pool->Apply(fn<&WideSquare>, t + i), (t + i) * (t + i));
        if (i % 50 == 0) {
          ASSERT_EQ(pool->Map(fn<&WideSquare>, UpTo(300), {.chunk_size = 1})->back(), 299 * 299);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool->stats().done, 4 * (200 + 4 * 300));
}

}  // namespace
}  // namespace progeny
