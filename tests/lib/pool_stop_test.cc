// How a pool ends workers whose task is late or cancelled, or that hang when they are to leave: asked
// first, then terminated, then killed, and nobody waits for it.
#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
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

using tests::IdIn;
using tests::IsError;
using tests::kPatience;
using tests::OwnId;
using tests::Square;
using tests::WaitUntil;

class PoolStopTest : public tests::EveryMethodPool {
 protected:
  // Asked, and then given all the time there is.
  PoolOptions Patient(int workers) const {
    PoolOptions options = Workers(workers);
    options.process.stop.request = 2 * kPatience;
    return options;
  }
};
PROGENY_FOR_EVERY_METHOD(PoolStopTest);

bool IsThere(const std::string& file) { return !tests::ReadFile(file).empty(); }

bool IsGone(int64_t id) {
  return WaitUntil([&] { return !tests::IsRunning(id); });
}

// Leaves three marks: that it has begun, that it was asked to stop, and that its process ended by itself.
int HeedTheToken(const std::string& prefix) {
  this_process::AtExit([prefix] { tests::WriteFile(prefix + "left", "x"); });
  tests::WriteFile(prefix + "began", std::to_string(this_process::id()));
  if (this_process::stop_token().Wait(2 * kPatience)) tests::WriteFile(prefix + "asked", "x");
  return 1;
}

TEST_P(PoolStopTest, ACancelledTaskThatHeedsTheStopToken_ReturnsAndItsWorkerLeavesByItself) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Patient(1));
  ASSERT_OK(pool);
  Future<int> task = pool->Submit(fn<&HeedTheToken>, folder.File(""));
  const int64_t id = IdIn(folder.File("began"));
  EXPECT_TRUE(task.Cancel());
  EXPECT_THAT(task.Get(absl::ZeroDuration()), IsError(absl::StatusCode::kCancelled, ""));
  EXPECT_TRUE(IsGone(id));
  EXPECT_TRUE(IsThere(folder.File("asked")));
  EXPECT_TRUE(IsThere(folder.File("left")));
  const absl::StatusOr<int64_t> next = pool->Submit(fn<&OwnId>).Get(kPatience);
  ASSERT_OK(next);
  EXPECT_NE(*next, id);
  EXPECT_EQ(pool->stats().workers_lost, 0);
  EXPECT_EQ(pool->stats().done, 1) << "what it returned doesn't count";
}

TEST_P(PoolStopTest, ALateTaskThatHeedsTheStopToken_ReturnsAndItsWorkerLeavesByItself) {
  const tests::TempDir folder;
  PoolOptions options = Patient(1);
  options.task_timeout = absl::Milliseconds(300);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&Square>, 2), 4);
  absl::SleepFor(absl::Milliseconds(10));  // the pool is likely to sleep by now, with nothing to look after
  Future<int> task = pool->Submit(fn<&HeedTheToken>, folder.File(""));
  const int64_t id = IdIn(folder.File("began"));
  EXPECT_THAT(task.Get(kPatience), IsError(absl::StatusCode::kDeadlineExceeded, "task_timeout"));
  EXPECT_TRUE(IsGone(id));
  EXPECT_TRUE(IsThere(folder.File("left")));
  EXPECT_EQ(*pool->Submit(fn<&Square>, 3).Get(kPatience), 9);
}

struct Gate {
  std::string file;
  int element;
};
int HangAtZero(const Gate& gate) {
  if (gate.element == 0) {
    tests::WriteFile(gate.file + "began", std::to_string(this_process::id()));
    WaitUntil([&] { return IsThere(gate.file + "open"); }, 2 * kPatience);
  }
  return gate.element;
}

TEST_P(PoolStopTest, WhatStoodBehindACancelledTask_DoesNotWaitForItsEnd) {
  const tests::TempDir folder;
  PoolOptions options = Patient(2);
  options.task_timeout = absl::Milliseconds(300);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  std::vector<Gate> gates;
  for (int i = 0; i < 8; ++i) gates.push_back({folder.File(""), i});
  const auto outcomes = pool->MapEach(fn<&HangAtZero>, gates, {.chunk_size = 4});
  ASSERT_OK(outcomes);
  EXPECT_THAT((*outcomes)[0], IsError(absl::StatusCode::kDeadlineExceeded, "task_timeout"));
  for (int i = 1; i < 8; ++i) EXPECT_EQ((*outcomes)[static_cast<size_t>(i)].value_or(-1), i);
  const int64_t id = IdIn(folder.File("began"));
  EXPECT_TRUE(tests::IsRunning(id)) << "it heeds nothing, and has all the time there is";
  tests::WriteFile(folder.File("open"), "x");
  EXPECT_TRUE(IsGone(id));
}

std::atomic<int> terminated{0};
void NoteTerminate(int) { terminated = 1; }

// Is terminated, says so, and goes on all the same.
int HeedNothing(const std::string& prefix) {
  std::signal(SIGTERM, &NoteTerminate);
  tests::WriteFile(prefix + "began", std::to_string(this_process::id()));
  WaitUntil([] { return terminated != 0; }, 2 * kPatience);
  tests::WriteFile(prefix + "terminated", "x");
  absl::SleepFor(2 * kPatience);
  return 0;
}

TEST_P(PoolStopTest, ATaskThatHeedsNothing_IsTerminatedAndThenKilled) {
  const tests::TempDir folder;
  PoolOptions options = Workers(1);
  options.process.stop.terminate = absl::Seconds(1);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  Future<int> task = pool->Submit(fn<&HeedNothing>, folder.File(""));
  const int64_t id = IdIn(folder.File("began"));
  EXPECT_TRUE(task.Cancel());
  EXPECT_TRUE(IsGone(id));
  EXPECT_EQ(IsThere(folder.File("terminated")), tests::HasFork()) << "Windows knows no terminating";
  EXPECT_EQ(*pool->Submit(fn<&Square>, 3).Get(kPatience), 9);
}

// In the parent, and copied into forked workers.
std::string* handlers_mark = nullptr;
void LeaveAMark(int) { tests::WriteFile(*handlers_mark, "x"); }

int Sleep(const std::string& file) {
  tests::WriteFile(file, std::to_string(this_process::id()));
  absl::SleepFor(2 * kPatience);
  return 0;
}

TEST_P(PoolStopTest, ATerminatedWorker_DoesNotRunItsParentsHandler) {
  const tests::TempDir folder;
  std::string mark = folder.File("handler");
  handlers_mark = &mark;
  const auto before = std::signal(SIGTERM, &LeaveAMark);
  PoolOptions options = Workers(1);
  options.process.grace = 2 * kPatience;  // it is SIGTERM that must do
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  Future<int> task = pool->Submit(fn<&Sleep>, folder.File("began"));
  const int64_t id = IdIn(folder.File("began"));
  EXPECT_TRUE(task.Cancel());
  EXPECT_TRUE(IsGone(id));
  EXPECT_FALSE(IsThere(*handlers_mark));
  EXPECT_OK(pool->Apply(fn<&Square>, 3));
  std::signal(SIGTERM, before);
}

int HangAtExit(const std::string& file) {
  this_process::AtExit([file] { Sleep(file); });
  return 1;
}

TEST_P(PoolStopTest, AWorkerThatHangsWhenItIsToLeave_HoldsUpNobody) {
  const tests::TempDir folder;
  PoolOptions options = Workers(2);
  options.process.grace = absl::Milliseconds(200);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Submit(fn<&HangAtExit>, folder.File("hangs")).Get(kPatience), 1);
  pool->Close();
  EXPECT_OK(pool->Join(kPatience));
  const int64_t id = IdIn(folder.File("hangs"));
  EXPECT_FALSE(tests::IsRunning(id));
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

TEST_P(PoolStopTest, AWorkerThatHangsWhenItRetires_IsReplaced) {
  const tests::TempDir folder;
  PoolOptions options = Workers(1);
  options.max_tasks_per_worker = 1;
  options.process.grace = absl::Milliseconds(200);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  for (const char* name : {"one", "two"}) {
    EXPECT_EQ(*pool->Submit(fn<&HangAtExit>, folder.File(name)).Get(kPatience), 1);
  }
  EXPECT_EQ(*pool->Submit(fn<&Square>, 5).Get(kPatience), 25);
}

absl::Status FailAndHang(const std::string& file) {
  this_process::AtExit([file] { Sleep(file); });
  return absl::NotFoundError("no such licence");
}

TEST_P(PoolStopTest, AnInitialiserThatFailsAndHangs_ClosesThePoolAllTheSame) {
  const tests::TempDir folder;
  PoolOptions options = Workers(1);
  options.process.grace = absl::Milliseconds(200);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options), fn<&FailAndHang>, folder.File("hangs"));
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Submit(fn<&Square>, 1).Get(kPatience),
              IsError(absl::StatusCode::kNotFound, "no such licence"));
  EXPECT_OK(pool->Join(kPatience));
}

TEST_P(PoolStopTest, Terminate_KillsAtOnceWhateverTheLadderSays) {
  const tests::TempDir folder;
  PoolOptions options = Patient(1);
  options.process.grace = 2 * kPatience;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  Future<int> task = pool->Submit(fn<&Sleep>, folder.File("began"));
  Future<int> cancelled = pool->Submit(fn<&Square>, 2);
  IdIn(folder.File("began"));
  EXPECT_TRUE(task.Cancel());  // its worker is on the ladder, and stays there
  pool->Terminate();
  EXPECT_OK(pool->Join(kPatience));
  EXPECT_THAT(cancelled.Get(absl::ZeroDuration()), IsError(absl::StatusCode::kCancelled, "terminated"));
}

TEST_P(PoolStopTest, ANegativeStep_IsRefused) {
  PoolOptions options = Workers(1);
  options.process.stop.request = absl::Seconds(-1);
  EXPECT_THAT(Pool::Create(std::move(options)), IsError(absl::StatusCode::kInvalidArgument, "stop.request"));
}

}  // namespace
}  // namespace progeny
