// Messages that are too large for a ring: they lie in slabs of shared memory, which workers and pool take from
// each other again and again, whoever dies, waits or never looks.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
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
using tests::WaitUntil;

class PoolLargeTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolLargeTest);

constexpr int64_t kLarge = 100'000;  // numbers

std::vector<int64_t> Numbers(int64_t first, int64_t count) {
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}
std::vector<int64_t> LargeFrom(int64_t first) { return Numbers(first, kLarge); }
std::vector<std::string> Words(int count) {
  std::vector<std::string> words;
  for (int i = 0; i < count; ++i) words.push_back(absl::StrCat("word ", i));
  return words;
}
int64_t Sum(const std::vector<int64_t>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), int64_t{0}); }
std::vector<std::string> Echo(std::vector<std::string> words) { return words; }

TEST_P(PoolLargeTest, ResultsAndArguments_OfAnySize_ComeThroughEveryCall) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const int fewer = tests::kThreadSanitized ? 10 : 1;  // times; it looks at each byte many times
  for (const int64_t count : {1, 1'535, 1'536, 1'537, 8'191, 8'193, 131'072, 700'000 / fewer}) {
    const std::vector<int64_t> numbers = Numbers(count, count);
    const auto applied = pool->Apply(fn<&Numbers>, count, count);
    ASSERT_OK(applied);
    ASSERT_TRUE(*applied == numbers) << count;
    const auto submitted = pool->Submit(fn<&Numbers>, count, count).Get(kPatience);
    ASSERT_OK(submitted);
    ASSERT_TRUE(*submitted == numbers) << count;
    ASSERT_EQ(*pool->Apply(fn<&Sum>, numbers), Sum(numbers));
  }
  for (const int count : {10, 1'000, 3'000, 200'000 / fewer}) {
    const auto echoed = pool->Apply(fn<&Echo>, Words(count));
    ASSERT_OK(echoed);
    ASSERT_TRUE(*echoed == Words(count)) << count;
  }
}

TEST_P(PoolLargeTest, Map_OfLargeResults_GivesThemInOrder) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (const int64_t chunk : {0, 1, 5}) {
    const auto all = pool->Map(fn<&LargeFrom>, Numbers(0, 20), {.chunk_size = chunk});
    ASSERT_OK(all);
    for (int64_t i = 0; i < 20; ++i) ASSERT_TRUE((*all)[static_cast<size_t>(i)] == LargeFrom(i)) << i;
  }
  const auto later = pool->MapAsync(fn<&LargeFrom>, Numbers(0, 6)).Get(kPatience);
  ASSERT_OK(later);
  for (int64_t i = 0; i < 6; ++i) ASSERT_TRUE((*later)[static_cast<size_t>(i)] == LargeFrom(i)) << i;
}

TEST_P(PoolLargeTest, ResultsThatNobodyTakes_HoldUpNobody) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  std::vector<Future<std::vector<int64_t>>> futures;
  for (int64_t i = 0; i < 10; ++i) futures.push_back(pool->Submit(fn<&LargeFrom>, i));
  EXPECT_TRUE(futures.front().Wait(kPatience));
  EXPECT_EQ(*pool->Apply(fn<&Sum>, std::vector<int64_t>{1, 2}), 3);
  for (int64_t i = 0; i < 10; ++i) {
    const auto taken = futures[static_cast<size_t>(i)].Get(kPatience);
    ASSERT_OK(taken);
    ASSERT_TRUE(*taken == LargeFrom(i));
  }
}

TEST_P(PoolLargeTest, ARangeThatNobodyReadsOn_HoldsUpNobody) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  int64_t next = 0;
  for (const auto& numbers : pool->IMap(fn<&LargeFrom>, Numbers(0, 12), {.window = 6})) {
    ASSERT_OK(numbers);
    ASSERT_TRUE(*numbers == LargeFrom(next));
    if (next++ % 5 != 0) continue;
    ASSERT_EQ(*pool->Apply(fn<&Sum>, std::vector<int64_t>{1, 2}), 3);
  }
  EXPECT_EQ(next, 12);
}

// What lets code of the test's run while a result is read: here, by whoever takes it.
struct Watched {
  std::vector<int64_t> before;
  int64_t worker = 0;
  std::vector<int64_t> after;

  static inline std::function<void(int64_t worker)> on_load = nullptr;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(before, worker);
    if constexpr (Archive::is_loading::value) {
      if (on_load) on_load(worker);
    }
    archive(after);
  }
};
Watched MakeWatched(int64_t first) { return {LargeFrom(first), this_process::id(), LargeFrom(first + 1)}; }

TEST_P(PoolLargeTest, AWorkerThatDies_WhileItsResultIsRead_TakesNothingAway) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  int calls = 0;
  Watched::on_load = [&](int64_t worker) {
    if (calls++ > 0) return;
    tests::EndProcess(worker);
    EXPECT_TRUE(WaitUntil([&] { return pool->stats().workers_lost == 1; }));
    // Its successor uses the same memory, but for what is still read.
    for (int64_t i = 0; i < 4; ++i) {
      const auto numbers = pool->Apply(fn<&LargeFrom>, 1'000 * i);
      ASSERT_OK(numbers);
      EXPECT_TRUE(*numbers == LargeFrom(1'000 * i));
    }
  };
  const auto watched = pool->Apply(fn<&MakeWatched>, 5);
  Watched::on_load = nullptr;
  ASSERT_OK(watched);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(watched->before == LargeFrom(5));
  EXPECT_TRUE(watched->after == LargeFrom(6));
  const auto again = pool->Apply(fn<&MakeWatched>, 7);
  ASSERT_OK(again);
  EXPECT_TRUE(again->after == LargeFrom(8));
}

// Ends its worker half-way through writing its result, once.
struct DiesHalfWay {
  std::string file;
  std::vector<int64_t> numbers;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(numbers, file);
    if constexpr (!Archive::is_loading::value) {
      if (tests::ReadFile(file).empty()) {
        tests::WriteFile(file, "tried");
        std::_Exit(3);
      }
    }
    archive(numbers);
  }
};
DiesHalfWay Half(const std::string& file, const std::vector<int64_t>& numbers) { return {file, numbers}; }

TEST_P(PoolLargeTest, AWorkerThatDies_WhileItWrites_HasWrittenNothing_AndItsArgumentsAreSentAgain) {
  const tests::TempDir folder;
  PoolOptions options = Workers(1);
  options.retries = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  for (int i = 0; i < 3; ++i) {
    const auto half = pool->Apply(fn<&Half>, folder.File(absl::StrCat("tried", i)), LargeFrom(i));
    ASSERT_OK(half);
    EXPECT_TRUE(half->numbers == LargeFrom(i));
  }
  EXPECT_EQ(pool->stats().workers_lost, 3);
}

// What an argument shows lies in memory that the pool needs again when the worker dies. Where it is shared, it can't be
// written to.
int64_t OverwriteOnce(const std::string& file, absl::Span<const int64_t> numbers) {
  if (tests::ReadFile(file).empty()) {
    tests::WriteFile(file, "tried");
    std::fill_n(const_cast<int64_t*>(numbers.data()), numbers.size(), -1);
    std::_Exit(3);
  }
  return std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
}

TEST_P(PoolLargeTest, AnArgumentThatItsTaskOverwrites_ComesUnchangedToTheNextWorker) {
  const tests::TempDir folder;
  PoolOptions options = Workers(1);
  options.retries = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  for (int i = 0; i < 3; ++i) {
    const auto sum = pool->Apply(fn<&OverwriteOnce>, folder.File(absl::StrCat("tried", i)), LargeFrom(i));
    ASSERT_OK(sum);
    EXPECT_EQ(*sum, Sum(LargeFrom(i)));
  }
  EXPECT_EQ(pool->stats().workers_lost, 3);
}

// Several blocks, of which one only can lie where its elements like to lie.
double SumOfAll(std::string_view text, absl::Span<const double> many, int16_t one, const std::vector<int16_t>& few,
                absl::Span<const int64_t> more) {
  double sum = one;
  for (const char c : text) sum += c;
  for (const double number : many) sum += number;
  for (const int16_t number : few) sum += number;
  for (const int64_t number : more) sum += static_cast<double>(number);
  return sum;
}

TEST_P(PoolLargeTest, ViewsOfSeveralArguments_ShowWhatWasSent_HoweverItLies) {
  PoolOptions options = Workers(2);
  options.retries = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  for (const size_t text : {0, 1, 126, 127, 128, 300, 20'000}) {
    for (const size_t many : {0, 1, 1'000, 2'500, 40'000}) {
      const std::string letters(text, 'a');
      const std::vector<double> numbers(many, 0.5);
      const std::vector<int16_t> few(text % 300, 3);
      const std::vector<int64_t> more(many / 3, -2);
      const double sum = SumOfAll(letters, numbers, 7, few, more);
      const int16_t one = 7;
      EXPECT_EQ(*pool->Apply(fn<&SumOfAll>, letters, numbers, one, few, more), sum) << text << " and " << many;
      // What is converted, or isn't a vector, goes another way.
      EXPECT_EQ(*pool->Submit(fn<&SumOfAll>, letters.c_str(), absl::MakeConstSpan(numbers), 7, few, more).Get(kPatience), sum);
    }
  }
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

// More than a slab may hold alone: the pool keeps it, too.
TEST_P(PoolLargeTest, ManyLargeCalls_AtOnce_HaveTheirOwnArguments) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (const int64_t count : {int64_t{3'000}, kLarge, tests::kSanitized ? 2 * kLarge : int64_t{1'200'000}}) {
    std::vector<Future<int64_t>> futures;
    for (int64_t i = 0; i < 12; ++i) futures.push_back(pool->Submit(fn<&Sum>, Numbers(i, count)));
    for (int64_t i = 0; i < 12; ++i) EXPECT_EQ(*futures[static_cast<size_t>(i)].Get(kPatience), Sum(Numbers(i, count)));
  }
}

// A result that can't be encoded after half of it was.
struct FailsHalfWay {
  std::vector<int64_t> numbers;
  bool fails = false;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(numbers, fails);
    if (fails && !Archive::is_loading::value) throw std::runtime_error(std::string(100'000, 'x'));
  }
};
FailsHalfWay MayFail(int64_t first, bool fails) { return {LargeFrom(first), fails}; }

TEST_P(PoolLargeTest, AResultThatFailsHalfWay_LeavesItsPlaceToTheNextOne) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (int64_t i = 0; i < 5; ++i) {
    EXPECT_THAT(pool->Apply(fn<&MayFail>, i, true), IsError(absl::StatusCode::kInvalidArgument, "xxxxx"));
    const auto result = pool->Apply(fn<&MayFail>, i, false);
    ASSERT_OK(result);
    EXPECT_TRUE(result->numbers == LargeFrom(i));
  }
}

std::pair<int64_t, double> Step(int64_t step, double y) { return {step, y * static_cast<double>(step)}; }
std::pair<int64_t, double> StepOrEndAt(int64_t step) {
  if (step % 10'000 == 9'999) std::_Exit(3);
  if (step % 10'000 == 5'000) throw std::runtime_error("thrown");
  return Step(step, 0.5);
}

TEST_P(PoolLargeTest, LargeChunksOfTinyElements_LoseOnlyWhatDiesAndFails) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  constexpr int64_t kSteps = 30'000;
  std::vector<std::pair<int64_t, double>> steps;
  for (int64_t i = 0; i < kSteps; ++i) steps.emplace_back(i, 0.5);
  for (int round = 0; round < 2; ++round) {
    const auto all = pool->StarMap(fn<&Step>, steps, {.chunk_size = kSteps / 4});
    ASSERT_OK(all);
    for (int64_t i = 0; i < kSteps; ++i) ASSERT_EQ((*all)[static_cast<size_t>(i)], Step(i, 0.5));
    int64_t failed = 0;
    const auto outcomes = pool->MapEach(fn<&StepOrEndAt>, Numbers(0, kSteps), {.chunk_size = kSteps / 2});
    ASSERT_OK(outcomes);
    for (int64_t i = 0; i < kSteps; ++i) {
      const auto& outcome = (*outcomes)[static_cast<size_t>(i)];
      if (i % 10'000 == 9'999) {
        ++failed;
        EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "ended before it answered")) << i;
      } else if (i % 10'000 == 5'000) {
        ++failed;
        EXPECT_THAT(outcome, IsError(absl::StatusCode::kUnknown, "thrown")) << i;
      } else {
        ASSERT_OK(outcome);
        ASSERT_EQ(*outcome, Step(i, 0.5));
      }
    }
    EXPECT_EQ(failed, 6);
  }
  EXPECT_EQ(pool->stats().workers_lost, 6);
}

TEST_P(PoolLargeTest, LargeChunks_OfWorkersThatRetireInTheirMidst_AreFinishedByOthers) {
  PoolOptions options = Workers(2);
  options.max_tasks_per_worker = 4'000;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  std::vector<std::pair<int64_t, double>> steps;
  for (int64_t i = 0; i < 30'000; ++i) steps.emplace_back(i, 0.5);
  const auto all = pool->StarMap(fn<&Step>, steps, {.chunk_size = 15'000});
  ASSERT_OK(all);
  for (int64_t i = 0; i < 30'000; ++i) ASSERT_EQ((*all)[static_cast<size_t>(i)], Step(i, 0.5)) << i;
  EXPECT_GE(pool->stats().workers_started, 8);
}

// Dealt to a worker that is busy, taken back from it for one that has nothing to do.
TEST_P(PoolLargeTest, WhatIsTakenBackFromABusyWorker_IsWhole) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::vector<Future<int>> sleepers;
  for (int i = 0; i < 2; ++i) sleepers.push_back(pool->Submit(fn<&tests::SleepAndTell>, folder.File(absl::StrCat(i))));
  std::vector<Future<int64_t>> sums;
  for (int64_t i = 0; i < 4; ++i) sums.push_back(pool->Submit(fn<&Sum>, LargeFrom(i)));
  tests::EndProcess(tests::IdIn(folder.File("0")));
  for (int64_t i = 0; i < 4; ++i) {
    const auto sum = sums[static_cast<size_t>(i)].Get(kPatience);
    ASSERT_OK(sum);
    EXPECT_EQ(*sum, Sum(LargeFrom(i)));
  }
  pool->Terminate();
}

TEST_P(PoolLargeTest, WhatWasGivenBackAfterAPause_IsThereAgain) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (int round = 0; round < 2; ++round) {
    const auto numbers = pool->Apply(fn<&Numbers>, round, 1'000'000);  // 8 MB
    ASSERT_OK(numbers);
    ASSERT_TRUE(*numbers == Numbers(round, 1'000'000));
    ASSERT_EQ(*pool->Apply(fn<&Sum>, *numbers), Sum(*numbers));
    absl::SleepFor(absl::Milliseconds(1'200));  // the pool's own pause; nothing depends on its length
  }
}

TEST_P(PoolLargeTest, ManyThreads_WithLargeMessages_GetTheirOwn) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 10; ++i) {
        const auto numbers = pool->Apply(fn<&LargeFrom>, t * 1'000 + i);
        const auto later = pool->Submit(fn<&LargeFrom>, t * 1'000 + i).Get(kPatience);
        if (!numbers.ok() || *numbers != LargeFrom(t * 1'000 + i)) ++wrong;
        if (!later.ok() || *later != *numbers) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace progeny
