// PoolOptions::pinning.
#include <cstdlib>
#include <set>

#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "progeny/this_process.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::kPatience;

int CpusOfWorker() { return UsableCpus(); }
void Die() { std::abort(); }

class PoolPinningTest : public tests::EveryMethod {
 protected:
  absl::StatusOr<Pool> Pinned(int workers) const {
    PoolOptions options;
    options.workers = workers;
    options.process = Options();
    options.pinning = CpuPinning::kOnePerWorker;
    return Pool::Create(options);
  }
};
PROGENY_FOR_EVERY_METHOD(PoolPinningTest);

#define SKIP_WITHOUT_AFFINITY(pool) \
  if (absl::IsUnimplemented((pool).status())) GTEST_SKIP() << (pool).status().message()

TEST_P(PoolPinningTest, Pinned_EachWorkerHasOneCpu_AndThisProcessStillAll) {
  const int before = UsableCpus();
  absl::StatusOr<Pool> pool = Pinned(3);
  SKIP_WITHOUT_AFFINITY(pool);
  ASSERT_OK(pool);
  for (int task = 0; task < 20; ++task) {
    const absl::StatusOr<int> cpus = pool->Submit(fn<&CpusOfWorker>).Get(kPatience);
    ASSERT_OK(cpus);
    EXPECT_EQ(*cpus, 1);
  }
  EXPECT_EQ(UsableCpus(), before);
}

TEST_P(PoolPinningTest, AWorkerThatTakesTheOthersPlace_IsPinnedToo) {
  absl::StatusOr<Pool> pool = Pinned(1);
  SKIP_WITHOUT_AFFINITY(pool);
  ASSERT_OK(pool);
  EXPECT_TRUE(absl::IsAborted(pool->Submit(fn<&Die>).Get(kPatience)));
  const absl::StatusOr<int> cpus = pool->Submit(fn<&CpusOfWorker>).Get(kPatience);
  ASSERT_OK(cpus);
  EXPECT_EQ(*cpus, 1);
}

TEST_P(PoolPinningTest, Unpinned_AWorkerHasTheCpusOfThisProcess) {
  PoolOptions options;
  options.workers = 1;
  options.process = Options();
  absl::StatusOr<Pool> pool = Pool::Create(options);
  ASSERT_OK(pool);
  const absl::StatusOr<int> cpus = pool->Submit(fn<&CpusOfWorker>).Get(kPatience);
  ASSERT_OK(cpus);
  EXPECT_EQ(*cpus, UsableCpus());
}

}  // namespace
}  // namespace progeny
