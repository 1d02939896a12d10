// Pools: submitting, waiting, closing.
#include "progeny/pool.h"

#include <string>
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

PROGENY_FOR_EVERY_METHOD(PoolTest);

}  // namespace
}  // namespace progeny
