// Apply of a worker that is stopped: its request is there and nobody has begun it.
#include <signal.h>

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/pool_case.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Square;
using tests::WaitUntil;

class PoolApplyStoppedTest : public tests::EveryMethodPool {
 protected:
  // One worker, ready and stopped.
  absl::StatusOr<Pool> Stopped() {
    absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
    if (!pool.ok()) return pool;
    EXPECT_EQ(*pool->Apply(fn<&Square>, 3), 9);
    for (const ProcessInfo& child : ActiveChildren()) {
      if (child.name == "PoolWorker-1") worker_ = static_cast<pid_t>(child.id);
    }
    EXPECT_GT(worker_, 0);
    EXPECT_EQ(kill(worker_, SIGSTOP), 0);
    return pool;
  }
  static bool Waits(const Pool& pool) { return pool.stats().queued == 1; }

  pid_t worker_ = 0;
};
PROGENY_FOR_EVERY_METHOD(PoolApplyStoppedTest);

TEST_P(PoolApplyStoppedTest, GoesOn_IsAnswered) {
  absl::StatusOr<Pool> pool = Stopped();
  ASSERT_OK(pool);
  std::thread caller([&] { EXPECT_EQ(*pool->Apply(fn<&Square>, 4), 16); });
  EXPECT_TRUE(WaitUntil([&] { return Waits(*pool); }));
  kill(worker_, SIGCONT);
  caller.join();
}

TEST_P(PoolApplyStoppedTest, Dies_IsAnsweredByItsSuccessor) {
  absl::StatusOr<Pool> pool = Stopped();
  ASSERT_OK(pool);
  std::thread caller([&] { EXPECT_EQ(*pool->Apply(fn<&Square>, 4), 16) << "it had not begun"; });
  EXPECT_TRUE(WaitUntil([&] { return Waits(*pool); }));
  kill(worker_, SIGKILL);
  caller.join();
  EXPECT_EQ(pool->stats().workers_lost, 1);
}

TEST_P(PoolApplyStoppedTest, OfAPoolThatIsTerminated_IsCancelled) {
  absl::StatusOr<Pool> pool = Stopped();
  ASSERT_OK(pool);
  std::thread caller(
      [&] { EXPECT_THAT(pool->Apply(fn<&Square>, 4), IsError(absl::StatusCode::kCancelled, "terminated")); });
  EXPECT_TRUE(WaitUntil([&] { return Waits(*pool); }));
  pool->Terminate();
  EXPECT_OK(pool->Join(kPatience));
  caller.join();
}

// Somebody else's element comes behind it, in the ordinary way, and so does a second Apply.
TEST_P(PoolApplyStoppedTest, WithOthersBehindIt_AllAreAnsweredInTheirTurn) {
  absl::StatusOr<Pool> pool = Stopped();
  ASSERT_OK(pool);
  std::thread first([&] { EXPECT_EQ(*pool->Apply(fn<&Square>, 4), 16); });
  EXPECT_TRUE(WaitUntil([&] { return Waits(*pool); }));
  Future<int> behind = pool->Submit(fn<&Square>, 5);
  Future<int> dropped = pool->Submit(fn<&Square>, 6);
  std::thread second([&] { EXPECT_EQ(*pool->Apply(fn<&Square>, 7), 49); });
  EXPECT_TRUE(WaitUntil([&] { return pool->stats().queued == 4; }));
  EXPECT_TRUE(dropped.Cancel());
  kill(worker_, SIGCONT);
  first.join();
  second.join();
  EXPECT_EQ(*behind.Get(kPatience), 25);
}

}  // namespace
}  // namespace progeny
