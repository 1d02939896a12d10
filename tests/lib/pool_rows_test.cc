// Flat elements that lie in memory, many of them at a time: their caller writes them into a worker's slab, without the pool's
// lock, and whoever has their results writes these into the caller's vector. What may happen meanwhile: that worker is killed,
// the pool is closed or terminated, another caller wants the same worker, the call is dropped for an error.
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "stress/pool_chaos.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::WideSquare;

class PoolRowsTest : public tests::EveryMethodPool {
 protected:
  // So many workers, killed again and again meanwhile.
  void ExpectTheSameInEveryRound(int workers, int rounds);
};
PROGENY_FOR_EVERY_METHOD(PoolRowsTest);

using Row = std::pair<int64_t, double>;
constexpr int64_t kRows = 20'000;
constexpr int64_t kChunk = 2'500;  // 40 KB, more than a ring's record

Row Scaled(int64_t step, double y) { return {step + 1, y * static_cast<double>(step)}; }
Row ScaledBelow(int64_t step, double y) {
  if (step >= kRows - kChunk) throw std::runtime_error("too far");
  return Scaled(step, y);
}

std::vector<Row> Rows(double y) {
  std::vector<Row> rows;
  for (int64_t i = 0; i < kRows; ++i) rows.emplace_back(i, y);
  return rows;
}
bool Right(const std::vector<Row>& all, double y) {
  if (all.size() != kRows) return false;
  for (int64_t i = 0; i < kRows; ++i) {
    if (all[static_cast<size_t>(i)] != Scaled(i, y)) return false;
  }
  return true;
}

TEST_P(PoolRowsTest, WorkersKilledMeanwhile_LeaveTheRightResultOrOneError) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine can leave a process whose start is cut off";
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const std::vector<Row> rows = Rows(0.5);
  int whole = 0;
  {
    const tests::Killer killer(*pool);
    for (int round = 0; round < (tests::kSanitized ? 20 : 100); ++round) {
      const auto all = pool->StarMap(fn<&Scaled>, rows, {.chunk_size = kChunk});
      if (all.ok()) {
        ++whole;
        ASSERT_TRUE(Right(*all, 0.5)) << "round " << round;
      } else {
        ASSERT_THAT(all, IsError(absl::StatusCode::kAborted, "ended before it answered"));
      }
    }
  }
  const auto all = pool->StarMap(fn<&Scaled>, rows, {.chunk_size = kChunk});
  ASSERT_OK(all);
  EXPECT_TRUE(Right(*all, 0.5));
  RecordProperty("whole", whole);
}

void PoolRowsTest::ExpectTheSameInEveryRound(int workers, int rounds) {
  PoolOptions options = Workers(workers);
  options.retries = 1'000;
  options.quarantine_after = 0;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const std::vector<Row> rows = Rows(0.5);
  const tests::Killer killer(*pool);
  for (int round = 0; round < rounds; ++round) {
    const auto all = pool->StarMap(fn<&Scaled>, rows, {.chunk_size = kChunk});
    ASSERT_OK(all);
    ASSERT_TRUE(Right(*all, 0.5)) << "round " << round;
  }
}

TEST_P(PoolRowsTest, RetriedAfterADeath_TheyAreTheSame) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine can leave a process whose start is cut off";
  ExpectTheSameInEveryRound(2, tests::kSanitized ? 10 : 50);
}

// Killed while its slab is written to, it stays unsettled, and there is nobody else.
TEST_P(PoolRowsTest, TheOnlyWorkerKilledMeanwhile_IsReplaced) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine can leave a process whose start is cut off";
  ExpectTheSameInEveryRound(1, tests::kSanitized ? 5 : 30);
}

TEST_P(PoolRowsTest, AnError_IsReturned_AndTheNextCallIsRight) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (int round = 0; round < 10; ++round) {
    EXPECT_THAT(pool->StarMap(fn<&ScaledBelow>, Rows(2), {.chunk_size = kChunk}), IsError(absl::StatusCode::kUnknown, "too far"));
    const auto all = pool->StarMap(fn<&Scaled>, Rows(3), {.chunk_size = kChunk});
    ASSERT_OK(all);
    EXPECT_TRUE(Right(*all, 3));
  }
}

struct Number {
  int64_t x;
  operator int64_t() const {
    if (x == 7'000) throw std::runtime_error("no number");
    return x;
  }
};

// A conversion is the user's code: it isn't run where it would hold up the pool.
TEST_P(PoolRowsTest, AnElementWhoseConversionThrows_EndsTheCallOnly) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  std::vector<Number> numbers;
  for (int64_t i = 0; i < 20'000; ++i) numbers.push_back({i});
  EXPECT_THAT(pool->Map(fn<&WideSquare>, numbers, {.chunk_size = 5'000}), IsError(absl::StatusCode::kUnknown, "no number"));
  numbers[7'000].x = 3;
  const auto squares = pool->Map(fn<&WideSquare>, numbers, {.chunk_size = 5'000});
  ASSERT_OK(squares);
  EXPECT_EQ((*squares)[7'000], 9);
  EXPECT_EQ(squares->back(), 19'999 * 19'999);
  pool->Close();
  EXPECT_OK(pool->Join(tests::kPatience));
}

TEST_P(PoolRowsTest, SeveralCallers_GetTheirOwn) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 1; t <= 3; ++t) {
    threads.emplace_back([&, t] {
      const std::vector<Row> rows = Rows(t);
      for (int round = 0; round < 10; ++round) {
        const auto all = pool->StarMap(fn<&Scaled>, rows, {.chunk_size = t * 1'000});
        if (!all.ok() || !Right(*all, t)) ++wrong;
      }
    });
  }
  for (int64_t i = 0; i < 200; ++i) EXPECT_EQ(*pool->Apply(fn<&WideSquare>, i), i * i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

// True once `future` is ready, though this thread doesn't wait for it, which would be to help the pool.
template <class T>
bool BecomesReadyByItself(Future<T>& future) {
  auto ready = std::make_shared<std::promise<void>>();
  future.OnReady([ready](const auto&) { ready->set_value(); });
  return ready->get_future().wait_for(absl::ToChronoSeconds(tests::kPatience)) == std::future_status::ready;
}

// Who feeds and waits takes the dispatcher's place meanwhile. MapAsync's caller goes away instead.
TEST_P(PoolRowsTest, FedByWhoDoesNotWait_TheyAreMappedByTheDispatcher) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (int round = 0; round < 10; ++round) {
    Future<std::vector<Row>> rows = pool->StarMapAsync(fn<&Scaled>, Rows(round), {.chunk_size = kChunk});
    ASSERT_TRUE(BecomesReadyByItself(rows));
    const auto all = rows.Get();
    ASSERT_OK(all);
    EXPECT_TRUE(Right(*all, round));
  }
}

// A call that began to drive leaves that to others when there is nothing more to wait for.
TEST_P(PoolRowsTest, AfterACallThatFed_TheDispatcherDrives) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (int round = 0; round < 10; ++round) {
    ASSERT_OK(pool->StarMap(fn<&Scaled>, Rows(round), {.chunk_size = kChunk}));
    Future<int64_t> square = pool->Submit(fn<&WideSquare>, 3);
    EXPECT_TRUE(BecomesReadyByItself(square));
  }
}

// Copied as one block where memory and encoding are alike, else element by element.
template <class A, class B>
int64_t SumOf(A a, B b) {
  return static_cast<int64_t>(a) + b;
}
template <template <class...> class Tuple, class A, class B>
void ExpectSums(Pool& pool) {
  std::vector<Tuple<A, B>> rows;
  for (int i = 0; i < 6'000; ++i) rows.emplace_back(static_cast<A>(i % 2), static_cast<B>(i));
  const auto sums = pool.StarMap(fn<&SumOf<A, B>>, rows, {.chunk_size = 3'000});
  ASSERT_OK(sums);
  ASSERT_EQ(sums->size(), rows.size());
  for (int i = 0; i < 6'000; ++i) ASSERT_EQ((*sums)[static_cast<size_t>(i)], i % 2 + i) << i;
}

TEST_P(PoolRowsTest, EveryLayoutOfRows_IsEncodedRight) {
  static_assert(detail::kIsItsEncoding<std::pair<int64_t, double>>);
  static_assert(!detail::kIsItsEncoding<std::pair<int32_t, int64_t>>);  // a hole
  static_assert(!detail::kIsItsEncoding<std::tuple<int32_t, int32_t>>);  // whose order isn't told
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  ExpectSums<std::pair, int64_t, int64_t>(*pool);
  ExpectSums<std::pair, int32_t, int64_t>(*pool);
  ExpectSums<std::pair, bool, int32_t>(*pool);
  ExpectSums<std::tuple, int64_t, int64_t>(*pool);
  ExpectSums<std::tuple, int32_t, int32_t>(*pool);
}

// Ended at any instant of a StarMap on another thread: its result is right, or it says why there is none.
class PoolRowsEnded : public PoolRowsTest {
 protected:
  template <class End>
  void EndAtAnyInstant(absl::StatusCode code, End end) {
    const int instants = UnderSlowStart() ? 5 : 30;
    for (int instant = 0; instant < instants; ++instant) {
      absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
      ASSERT_OK(pool);
      ASSERT_OK(pool->Apply(fn<&WideSquare>, 2));
      std::thread ender([&] {
        absl::SleepFor(absl::Microseconds(instant * 40));
        end(*pool);
      });
      const auto all = pool->StarMap(fn<&Scaled>, Rows(0.5), {.chunk_size = kChunk});
      ender.join();
      EXPECT_TRUE(all.ok() ? Right(*all, 0.5) : all.status().code() == code) << all.status();
      EXPECT_OK(pool->Join(tests::kPatience));
    }
  }
  static bool UnderSlowStart() { return tests::UnderWine() || tests::kSanitized; }
};
PROGENY_FOR_EVERY_METHOD(PoolRowsEnded);

TEST_P(PoolRowsEnded, ByTerminate) {
  EndAtAnyInstant(absl::StatusCode::kCancelled, [](Pool& pool) { pool.Terminate(); });
}

TEST_P(PoolRowsEnded, ByClose) {
  EndAtAnyInstant(absl::StatusCode::kFailedPrecondition, [](Pool& pool) { pool.Close(); });
}

}  // namespace
}  // namespace progeny
