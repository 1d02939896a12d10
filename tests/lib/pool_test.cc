// Pools: submitting, waiting, closing.
#include "progeny/pool.h"

#include <numeric>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;

class PoolTest : public tests::EveryMethod {
 protected:
  PoolOptions Workers(int count) const {
    PoolOptions options;
    options.workers = count;
    options.process = Options();
    return options;
  }
};

int Square(int x) { return x * x; }

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

PROGENY_FOR_EVERY_METHOD(PoolTest);

}  // namespace
}  // namespace progeny
