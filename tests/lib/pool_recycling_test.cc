// Workers that are replaced after so many tasks, or when they have grown too large.
#include <map>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::kPatience;
using tests::OwnId;
using tests::Square;
using tests::WaitUntil;

class PoolRecyclingTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolRecyclingTest);

// 18. Recycling hangs.
TEST_P(PoolRecyclingTest, Pain18_RecyclingAfterEveryTask_LosesNothing) {
  PoolOptions options = Workers(2);
  options.max_tasks_per_worker = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  std::vector<Future<int64_t>> futures;
  for (int i = 0; i < 12; ++i) futures.push_back(pool->Submit(fn<&OwnId>));
  pool->Close();
  std::set<int64_t> ids;
  for (Future<int64_t>& future : futures) {
    const absl::StatusOr<int64_t> id = future.Get(kPatience);
    ASSERT_OK(id);
    ids.insert(*id);
  }
  EXPECT_EQ(ids.size(), 12u);
  EXPECT_OK(pool->Join(kPatience));
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

TEST_P(PoolRecyclingTest, MaxTasks_CountsElementsNotChunks) {
  PoolOptions options = Workers(1);
  options.max_tasks_per_worker = 10;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const std::vector<int> hundred(100);
  const auto ids = pool->Map([](int) { return this_process::id(); }, hundred, {.chunk_size = 25});
  ASSERT_OK(ids);
  std::map<int64_t, int> tasks;
  for (int64_t id : *ids) ++tasks[id];
  EXPECT_EQ(tasks.size(), 10u);
  for (const auto& [id, count] : tasks) EXPECT_EQ(count, 10);
}

std::vector<char>* kept = nullptr;
int64_t Keep(int mebibytes) {
  kept = new std::vector<char>(static_cast<size_t>(mebibytes) << 20, 'x');
  return this_process::id();
}

TEST_P(PoolRecyclingTest, AWorkerThatHasGrownTooLarge_IsReplacedAfterItsTask) {
  if (!GetMemoryUsage().value_or(MemoryUsage{}).unique) GTEST_SKIP() << "unique memory isn't told here";
  if (tests::UnderWine()) GTEST_SKIP() << "Wine's figures don't grow with a heap";
  PoolOptions options = Workers(1);
  options.max_worker_memory = int64_t{256} << 20;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const absl::StatusOr<int64_t> large = pool->Apply(fn<&Keep>, 300);
  ASSERT_OK(large);
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(*large); }));
  EXPECT_EQ(*pool->Apply(fn<&Square>, 5), 25);
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

}  // namespace
}  // namespace progeny
