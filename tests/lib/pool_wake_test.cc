// A worker tells of outcomes seldom while it has more to do; who waits for them must not pay for what stands behind them.
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/status.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::kPatience;
using tests::WaitUntil;

class PoolWakeTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolWakeTest);

bool WaitForGate(const std::string& file) {
  return WaitUntil([&] { return !tests::ReadFile(file).empty(); });
}

// Long enough for a pool that was woken before to sleep again, and not so long that it is rung for anew.
int BusyFor(int microseconds) {
  const absl::Time end = absl::Now() + absl::Microseconds(microseconds);
  while (absl::Now() < end) {
  }
  return microseconds;
}

TEST_P(PoolWakeTest, AMap_IsToldOfItsLastOutcome_BeforeATaskBehindItHasEnded) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (int i = 0; i < 20; ++i) {
    const std::string first = folder.File("first" + std::to_string(i));
    const std::string second = folder.File("second" + std::to_string(i));
    Future<bool> before = pool->Submit(fn<&WaitForGate>, first);
    std::promise<void> told;  // not Abseil's notification, which ThreadSanitizer takes for a race
    std::thread map([&] {
      const std::vector<int> elements(2, 60 + 8 * i);
      const absl::StatusOr<std::vector<int>> results = pool->Map(fn<&BusyFor>, elements, {.chunk_size = 1});
      if (results.ok() && *results == elements) told.set_value();
    });
    EXPECT_TRUE(WaitUntil([&] { return pool->stats().queued >= 2; }));
    Future<bool> behind = pool->Submit(fn<&WaitForGate>, second);
    tests::WriteFile(first, "go");
    const bool in_time =
        told.get_future().wait_for(absl::ToChronoSeconds(kPatience / 2)) == std::future_status::ready;
    tests::WriteFile(second, "go");
    map.join();
    ASSERT_TRUE(in_time) << "in round " << i;
    EXPECT_TRUE(*before.Get(kPatience));
    EXPECT_TRUE(*behind.Get(kPatience));
  }
}

}  // namespace
}  // namespace progeny
