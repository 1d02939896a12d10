// Tasks that are cancelled: what has not begun never does, what runs is ended with its process.
#include <atomic>
#include <string>

#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Square;
using tests::WaitUntil;

class PoolCancelTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolCancelTest);

TEST_P(PoolCancelTest, Cancel_OfARunningTask_ReplacesItsWorkerOnly) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  Future<int> running = pool->Submit(fn<&tests::SleepAndTell>, folder.File("running"));
  Future<int> queued = pool->Submit(fn<&Square>, 4);
  Future<int> dropped = pool->Submit(fn<&tests::SleepAndTell>, folder.File("never"));
  const int64_t id = tests::IdIn(folder.File("running"));
  EXPECT_TRUE(dropped.Cancel());
  EXPECT_THAT(dropped.Get(absl::ZeroDuration()), IsError(absl::StatusCode::kCancelled, ""));
  EXPECT_FALSE(dropped.Cancel());
  EXPECT_TRUE(running.Cancel());
  EXPECT_THAT(running.Get(absl::ZeroDuration()), IsError(absl::StatusCode::kCancelled, ""));
  EXPECT_EQ(*queued.Get(kPatience), 16);
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(id); }));
  EXPECT_EQ(tests::ReadFile(folder.File("never")), "");
}

int WaitFor(const std::string& file) { return WaitUntil([&] { return !tests::ReadFile(file).empty(); }) ? 1 : 0; }
size_t LengthOf(const std::string& text) { return text.size(); }

// What was taken back lies in the ring, and its bytes in the area, until the worker has gone past it.
TEST_P(PoolCancelTest, Cancel_OfManyQueuedTasks_LeavesRoomForOthers) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (size_t size : {size_t{10'000}, size_t{3'000}, size_t{1'000'000}}) {
    const std::string text(size, 'x');
    const std::string gate = folder.File("gate" + std::to_string(size));
    Future<int> busy = pool->Submit(fn<&WaitFor>, gate);
    for (int i = 0; i < 30; ++i) EXPECT_TRUE(pool->Submit(fn<&LengthOf>, text).Cancel());
    Future<size_t> next = pool->Submit(fn<&LengthOf>, text);
    tests::WriteFile(gate, "open");
    EXPECT_EQ(*busy.Get(kPatience), 1);
    const absl::StatusOr<size_t> length = next.Get(kPatience);
    ASSERT_OK(length);
    EXPECT_EQ(*length, size);
  }
  const std::string gate = folder.File("last");
  Future<int> busy = pool->Submit(fn<&WaitFor>, gate);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(pool->Submit(fn<&LengthOf>, std::string(10'000, 'y')).Cancel());
  pool->Close();
  tests::WriteFile(gate, "open");
  EXPECT_OK(pool->Join(kPatience));
}

TEST_P(PoolCancelTest, Cancel_AtAnyMoment_EndsTheTaskOrComesTooLate) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (int i = 0; i < (forks() ? 60 : 20); ++i) {
    Future<int> task = pool->Submit([] { return WaitUntil([] { return false; }, 2 * kPatience) ? 0 : 1; });
    for (std::atomic<int> turns{0}; turns < i * 3000; ++turns) {
    }
    EXPECT_TRUE(task.Cancel());
    EXPECT_THAT(task.Get(kPatience), IsError(absl::StatusCode::kCancelled, ""));
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 3), 9);
}

TEST_P(PoolCancelTest, Cancel_OfAFinishedTask_ChangesNothing) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  Future<int> done = pool->Submit(fn<&Square>, 4);
  ASSERT_TRUE(done.Wait(kPatience));
  EXPECT_FALSE(done.Cancel());
  EXPECT_EQ(*done.Get(kPatience), 16);
}

}  // namespace
}  // namespace progeny
