// Cows as arguments, as state and at Create: they go to a worker once, whatever is done with them.
#include <cstdint>
#include <memory_resource>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/cow.h"
#include "progeny/memory_usage.h"
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

using tests::kPatience;
using Numbers = std::pmr::vector<int64_t>;

class PoolCowTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolCowTest);

absl::StatusOr<Cow<Numbers>> MakeNumbers(int64_t count) {
  CowOptions options;
  if (tests::kSanitized) options.reserve = 1 << 20;  // they leave few addresses
  return MakeCow<Numbers>(
      [&](Numbers& numbers) {
        for (int64_t i = 0; i < count; ++i) numbers.push_back(i * i);
      },
      options);
}

int64_t At(Cow<Numbers> numbers, size_t at) { return numbers->at(at); }
uint64_t AddressOf(const Cow<Numbers>& numbers) { return reinterpret_cast<uintptr_t>(numbers->data()); }

struct Lookup {
  Cow<Numbers> numbers;
  int64_t operator()(size_t at) const { return numbers->at(at); }
};

TEST_P(PoolCowTest, ACow_IsAnArgument_OfSubmitAndStarMap) {
  const absl::StatusOr<Cow<Numbers>> numbers = MakeNumbers(1000);
  ASSERT_OK(numbers);
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&At>, *numbers, 30), 900);
  std::vector<std::tuple<Cow<Numbers>, size_t>> tuples;
  for (size_t i = 0; i < 300; ++i) tuples.emplace_back(*numbers, i);
  for (int64_t chunk : {0, 1, 50}) {
    const auto squares = pool->StarMap(fn<&At>, tuples, {.chunk_size = chunk});
    ASSERT_OK(squares);
    for (size_t i = 0; i < 300; ++i) EXPECT_EQ((*squares)[i], static_cast<int64_t>(i * i));
  }
  EXPECT_EQ(*pool->Apply(fn<&AddressOf>, *numbers), AddressOf(*numbers));
}

TEST_P(PoolCowTest, ACow_IsPartOfACallablesState) {
  const absl::StatusOr<Cow<Numbers>> numbers = MakeNumbers(1000);
  ASSERT_OK(numbers);
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const std::vector<size_t> places = {3, 999, 0};
  EXPECT_THAT(*pool->Map(Lookup{*numbers}, places), testing::ElementsAre(9, 999 * 999, 0));
  EXPECT_THAT(*pool->MapAsync(Lookup{*numbers}, places).Get(kPatience), testing::ElementsAre(9, 999 * 999, 0));
  EXPECT_EQ(*pool->Apply(Lookup{*numbers}, 5), 25);
  int64_t sum = 0;
  for (absl::StatusOr<int64_t>& number : pool->IMap(Lookup{*numbers}, places)) sum += *number;
  EXPECT_EQ(sum, 9 + 999 * 999);
}

Cow<Numbers>* given_at_start = nullptr;
void KeepNumbers(Cow<Numbers> numbers) { given_at_start = new Cow<Numbers>(std::move(numbers)); }
int64_t KeptAt(size_t at) { return (*given_at_start)->at(at); }

TEST_P(PoolCowTest, ACowGivenAtCreate_IsThereInEveryWorker_AlsoInThoseThatComeLater) {
  absl::StatusOr<Pool> pool = absl::UnknownError("");
  PoolOptions options = Workers(2);
  options.max_tasks_per_worker = 3;
  {
    const absl::StatusOr<Cow<Numbers>> numbers = MakeNumbers(1000);
    ASSERT_OK(numbers);
    pool = Pool::Create(std::move(options), fn<&KeepNumbers>, *numbers);
  }
  ASSERT_OK(pool);
  std::vector<Future<int64_t>> futures;
  for (size_t i = 0; i < 20; ++i) futures.push_back(pool->Submit(fn<&KeptAt>, i));
  for (size_t i = 0; i < 20; ++i) EXPECT_EQ(*futures[i].Get(kPatience), static_cast<int64_t>(i * i));
}

TEST_P(PoolCowTest, TheParentMayLetGo_BeforeTheTaskHasBegun) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  std::vector<Future<int64_t>> futures;
  // So many that some of them lie where others have lain.
  const int64_t many = tests::kSanitized || tests::UnderWine() ? 20 : 200;
  for (int64_t i = 0; i < many; ++i) {
    absl::StatusOr<Cow<Numbers>> numbers = MakeNumbers(i + 1);
    ASSERT_OK(numbers);
    futures.push_back(pool->Submit(fn<&At>, *std::move(numbers), static_cast<size_t>(i)));
  }
  for (int64_t i = 0; i < many; ++i) {
    const absl::StatusOr<int64_t> square = futures[static_cast<size_t>(i)].Get(kPatience);
    ASSERT_OK(square);
    EXPECT_EQ(*square, i * i);
    futures[static_cast<size_t>(i)] = pool->Submit([] { return int64_t{0}; });  // lets go of the first one's Cow
  }
}

int64_t AtUnlessFirst(Cow<Numbers> numbers, size_t at, const std::string& file) {
  if (!tests::ReadFile(file).empty()) return numbers->at(at);
  tests::WriteFile(file, "tried");
  std::_Exit(3);
}

TEST_P(PoolCowTest, ARetriedTask_GetsItsCowAgain) {
  const tests::TempDir folder;
  const absl::StatusOr<Cow<Numbers>> numbers = MakeNumbers(100);
  ASSERT_OK(numbers);
  PoolOptions options = Workers(1);
  options.retries = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&AtUnlessFirst>, *numbers, 7, folder.File("tried")), 49);
}

int64_t SumAndUnique(Cow<Numbers> numbers) {
  int64_t sum = 0;
  for (int64_t number : *numbers) sum += number & 1;
  return sum > 0 ? GetMemoryUsage().value_or(MemoryUsage{}).unique.value_or(0) : -1;
}

TEST_P(PoolCowTest, Tasks_CopyNothingOfIt) {
  if (!GetMemoryUsage().value_or(MemoryUsage{}).unique) GTEST_SKIP() << "unique memory isn't told here";
  if (tests::kSanitized || tests::UnderWine()) GTEST_SKIP() << "their own memory hides what is looked for";
  constexpr int64_t kCount = 8 << 20;  // 64 MiB
  const absl::StatusOr<Cow<Numbers>> numbers =
      MakeCow<Numbers, false>([](Numbers& all) { all.resize(kCount, 1); });
  ASSERT_OK(numbers);
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<int64_t> unique = pool->Apply(fn<&SumAndUnique>, *numbers);
    ASSERT_OK(unique);
    EXPECT_GE(*unique, 0);
    EXPECT_LT(*unique, 32 << 20);
  }
}

}  // namespace
}  // namespace progeny
