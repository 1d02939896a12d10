// Errors, exits and crashes at every step of a task's way: each is an outcome, none a hang.
#include <cstdlib>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Square;

class PoolErrorsTest : public tests::EveryMethod {
 protected:
  absl::StatusOr<Pool> TwoWorkers() const {
    PoolOptions options;
    options.workers = 2;
    options.process = Options();
    return Pool::Create(std::move(options));
  }
};
PROGENY_FOR_EVERY_METHOD(PoolErrorsTest);


// Does something bad at the point that it is told.
enum class Point { kNever, kEncode, kDecode };
enum class Deed { kThrow, kExit, kCrash };

void Do(Deed deed) {
  if (deed == Deed::kThrow) throw std::runtime_error("no good");
  if (deed == Deed::kExit) std::_Exit(21);
  tests::Crash();
}

struct Touchy {
  Point point = Point::kNever;
  Deed deed = Deed::kThrow;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(point, deed);
    const Point here = Archive::is_loading::value ? Point::kDecode : Point::kEncode;
    if (point == here) Do(deed);
  }
};

int Take(const Touchy&) { return 1; }
Touchy Give(Point point, Deed deed) { return {point, deed}; }
int RunInto(Deed deed) {
  Do(deed);
  return 0;
}

void ExpectDied(const absl::Status& status, Deed deed) {
  EXPECT_THAT(status, IsError(absl::StatusCode::kAborted, "ended before it answered"));
  ASSERT_TRUE(ExitStatusOf(status).has_value()) << status;
  if (deed == Deed::kExit) {
    EXPECT_EQ(ExitStatusOf(status)->exit_code(), 21);
  } else {
    EXPECT_TRUE(ExitStatusOf(status)->crashed()) << status;
  }
}

TEST_P(PoolErrorsTest, AnErrorWhereTheArgumentIsEncoded_IsTheFuturesStatus) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Submit(fn<&Take>, Touchy{Point::kEncode, Deed::kThrow}).Get(kPatience),
              IsError(absl::StatusCode::kInvalidArgument, "no good"));
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

TEST_P(PoolErrorsTest, WhereTheArgumentIsDecoded) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Apply(fn<&Take>, Touchy{Point::kDecode, Deed::kThrow}),
              IsError(absl::StatusCode::kDataLoss, "no good"));
  for (Deed deed : {Deed::kExit, Deed::kCrash}) {
    ExpectDied(pool->Apply(fn<&Take>, Touchy{Point::kDecode, deed}).status(), deed);
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

TEST_P(PoolErrorsTest, WhereTheTaskRuns) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  const absl::StatusOr<int> thrown = pool->Apply(fn<&RunInto>, Deed::kThrow);
  EXPECT_THAT(thrown, IsError(absl::StatusCode::kUnknown, "no good"));
  ASSERT_TRUE(RemoteErrorOf(thrown.status()).has_value());
  EXPECT_EQ(RemoteErrorOf(thrown.status())->type, "std::runtime_error");
  for (Deed deed : {Deed::kExit, Deed::kCrash}) {
    ExpectDied(pool->Apply(fn<&RunInto>, deed).status(), deed);
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

TEST_P(PoolErrorsTest, WhereTheResultIsEncoded) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Apply(fn<&Give>, Point::kEncode, Deed::kThrow),
              IsError(absl::StatusCode::kInvalidArgument, "no good"));
  for (Deed deed : {Deed::kExit, Deed::kCrash}) {
    ExpectDied(pool->Apply(fn<&Give>, Point::kEncode, deed).status(), deed);
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

// An exit or a crash there is the caller's own.
TEST_P(PoolErrorsTest, AnErrorWhereTheResultIsDecoded_IsAStatus) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Apply(fn<&Give>, Point::kDecode, Deed::kThrow),
              IsError(absl::StatusCode::kDataLoss, "no good"));
  EXPECT_THAT(pool->Map([](int) { return Touchy{Point::kDecode, Deed::kThrow}; }, {1, 2, 3}),
              IsError(absl::StatusCode::kDataLoss, "no good"));
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

// 15. Errors that can't be transported hang the pool.
TEST_P(PoolErrorsTest, Pain15_TwentyResultsThatCantBeEncoded_CostNoWorker) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(pool->Apply(fn<&Give>, Point::kEncode, Deed::kThrow),
                IsError(absl::StatusCode::kInvalidArgument, ""));
  }
  EXPECT_EQ(pool->stats().workers_lost, 0);
  EXPECT_EQ(pool->stats().workers_started, 2);
}

absl::Status WithPayload() {
  absl::Status status = absl::NotFoundError(std::string(20000, 'm'));
  status.SetPayload("key", absl::Cord("value"));
  return status;
}

TEST_P(PoolErrorsTest, AReturnedStatus_ComesWithItsPayloads_HoweverLong) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  EXPECT_EQ(pool->Apply(fn<&WithPayload>), WithPayload());
}

// Maps.

int FailAt(int x) {
  if (x == 13 || x == 400) throw std::runtime_error("at " + std::to_string(x));
  return x;
}

std::vector<int> FirstNumbers(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

TEST_P(PoolErrorsTest, Map_GivesTheFirstErrorInInputOrder) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  for (int64_t chunk : {0, 1, 50}) {
    EXPECT_THAT(pool->Map(fn<&FailAt>, FirstNumbers(500), {.chunk_size = chunk}),
                IsError(absl::StatusCode::kUnknown, "at "));
    EXPECT_THAT(pool->MapAsync(fn<&FailAt>, FirstNumbers(20), {.chunk_size = chunk}).Get(kPatience),
                IsError(absl::StatusCode::kUnknown, "at 13"));
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

TEST_P(PoolErrorsTest, MapEach_And_IMap_GoOnBehindAnError) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  const auto each = pool->MapEach(fn<&FailAt>, FirstNumbers(20), {.chunk_size = 6});
  ASSERT_OK(each);
  ASSERT_EQ(each->size(), 20u);
  EXPECT_THAT((*each)[13], IsError(absl::StatusCode::kUnknown, "at 13"));
  EXPECT_EQ(*(*each)[14], 14);
  int seen = 0;
  for (absl::StatusOr<int>& outcome : pool->IMap(fn<&FailAt>, FirstNumbers(20), {.chunk_size = 3})) {
    EXPECT_EQ(outcome.ok(), seen != 13) << outcome.status();
    ++seen;
  }
  EXPECT_EQ(seen, 20);
}

// Yields 0, 1, ... and throws instead of the element `bad`; never ends where bad is negative.
class Counting {
 public:
  class Iterator {
   public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    Iterator(int bad, int* pulled) : bad_(bad), pulled_(pulled) {}
    int operator*() const { return at_; }
    Iterator& operator++() {
      if (++at_ == bad_) throw std::runtime_error("the source is dry");
      if (pulled_ != nullptr) ++*pulled_;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return false; }

   private:
    int bad_;
    int* pulled_;
    int at_ = 0;
  };

  explicit Counting(int bad, int* pulled = nullptr) : bad_(bad), pulled_(pulled) {}
  Iterator begin() const { return {bad_, pulled_}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  int bad_;
  int* pulled_;
};

TEST_P(PoolErrorsTest, WhatTheInputThrows_IsTheCallsStatus_AndThePoolStaysUsable) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  for (int64_t chunk : {0, 1, 4}) {
    EXPECT_THAT(pool->Map(fn<&Square>, Counting(10), {.chunk_size = chunk}),
                IsError(absl::StatusCode::kUnknown, "the source is dry"));
    EXPECT_THAT(pool->MapEach(fn<&Square>, Counting(10), {.chunk_size = chunk}),
                IsError(absl::StatusCode::kUnknown, "the source is dry"));
    EXPECT_THAT(pool->MapAsync(fn<&Square>, Counting(10), {.chunk_size = chunk}).Get(kPatience),
                IsError(absl::StatusCode::kUnknown, "the source is dry"));
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

TEST_P(PoolErrorsTest, IMap_GivesTheGoodPrefix_ThenOneStatus_ThenTheEnd) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  for (int64_t chunk : {1, 2, 4}) {
    int good = 0;
    int bad = 0;
    MappedRange<int> squares = pool->IMap(fn<&Square>, Counting(10), {.chunk_size = chunk});
    for (absl::StatusOr<int>& square : squares) {
      if (square.ok()) {
        EXPECT_EQ(bad, 0);
        EXPECT_EQ(*square, good * good);
        ++good;
      } else {
        EXPECT_THAT(square, IsError(absl::StatusCode::kUnknown, "the source is dry"));
        ++bad;
      }
    }
    EXPECT_EQ(good, 10);
    EXPECT_EQ(bad, 1);
    EXPECT_TRUE(squares.begin() == squares.end());  // asked again
  }
}

// 16. Unbounded input is eaten.
TEST_P(PoolErrorsTest, Pain16_AnEndlessInput_IsPulledAsFarAsTheWindowOnly) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  int pulled = 0;
  int taken = 0;
  for (absl::StatusOr<int>& square : pool->IMap(fn<&Square>, Counting(-1, &pulled), {.window = 8})) {
    ASSERT_OK(square);
    EXPECT_EQ(*square, taken * taken);
    EXPECT_LE(pulled, taken + 8);
    if (++taken == 1000) break;
  }
  for (absl::StatusOr<int>& square : pool->IMapUnordered(fn<&Square>, Counting(-1))) {
    ASSERT_OK(square);
    if (++taken == 5000) break;
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

TEST_P(PoolErrorsTest, OnProgress_RunsOnThisThread_AndWhatItThrowsEndsTheCall) {
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  Progress last;
  const auto here = std::this_thread::get_id();
  MapOptions options;
  options.on_progress = [&](const Progress& progress) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_GT(progress.done, last.done);
    last = progress;
  };
  ASSERT_OK(pool->Map(fn<&Square>, FirstNumbers(100), options));
  EXPECT_EQ(last.done, 100);
  EXPECT_EQ(last.failed, 0);
  EXPECT_EQ(last.total, 100);
  options.on_progress = [](const Progress&) { throw std::runtime_error("enough"); };
  EXPECT_THAT(pool->Map(fn<&Square>, FirstNumbers(100), options),
              IsError(absl::StatusCode::kUnknown, "enough"));
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
}

TEST_P(PoolErrorsTest, OptionsOutOfRange_AreNamed) {
  const auto create = [&](auto change) {
    PoolOptions options;
    options.process = Options();
    change(options);
    return Pool::Create(std::move(options)).status();
  };
  using absl::StatusCode;
  EXPECT_THAT(create([](PoolOptions& o) { o.workers = -1; }),
              IsError(StatusCode::kInvalidArgument, "workers"));
  EXPECT_THAT(create([](PoolOptions& o) { o.max_tasks_per_worker = -1; }),
              IsError(StatusCode::kInvalidArgument, "max_tasks_per_worker"));
  EXPECT_THAT(create([](PoolOptions& o) { o.max_worker_memory = -1; }),
              IsError(StatusCode::kInvalidArgument, "max_worker_memory"));
  EXPECT_THAT(create([](PoolOptions& o) { o.retries = -1; }),
              IsError(StatusCode::kInvalidArgument, "retries"));
  EXPECT_THAT(create([](PoolOptions& o) { o.task_timeout = absl::ZeroDuration(); }),
              IsError(StatusCode::kInvalidArgument, "task_timeout"));
  EXPECT_THAT(create([](PoolOptions& o) { o.process.out = Stdio::Pipe(); }),
              IsError(StatusCode::kInvalidArgument, "pipes"));
  EXPECT_THAT(create([](PoolOptions& o) { o.process.grace = -absl::Seconds(1); }),
              IsError(StatusCode::kInvalidArgument, "grace"));
  absl::StatusOr<Pool> pool = TwoWorkers();
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Map(fn<&Square>, {1}, {.chunk_size = -1}),
              IsError(StatusCode::kInvalidArgument, "chunk_size"));
  EXPECT_THAT(pool->Map(fn<&Square>, {1}, {.window = -1}),
              IsError(StatusCode::kInvalidArgument, "window"));
}

}  // namespace
}  // namespace progeny
