// The result of work in another process, before it is there.
#include "progeny/future.h"

#include <atomic>
#include <stdexcept>
#include <thread>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::WaitUntil;

class FutureTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(FutureTest);

// Answers once `file` is there.
int SevenOnce(std::string file) {
  return WaitUntil([&] { return std::filesystem::exists(tests::FromUtf8(file)); }, 2 * kPatience) ? 7 : -1;
}

TEST_P(FutureTest, Get_WaitsAndTimesOutAndMayBeCalledAgain) {
  const tests::TempDir folder;
  Future<int> future = Async(Options(), fn<&SevenOnce>, folder.File("go"));
  EXPECT_FALSE(future.Ready());
  EXPECT_FALSE(future.Wait(absl::Milliseconds(2)));
  EXPECT_THAT(future.Get(absl::Milliseconds(2)), IsError(absl::StatusCode::kDeadlineExceeded, ""));
  tests::WriteFile(folder.File("go"), "");
  EXPECT_EQ(*future.Get(kPatience), 7);
}

TEST_P(FutureTest, Get_ASecondTimeIsFailedPrecondition) {
  Future<int> future = Async(Options(), fn<&tests::ExitWith>, 3);
  EXPECT_EQ(*future.Get(kPatience), 3);
  EXPECT_THAT(future.Get(), IsError(absl::StatusCode::kFailedPrecondition, "already"));
  EXPECT_TRUE(future.Ready());
}

TEST_P(FutureTest, Cancel_EndsTheWorkAndIsTold) {
  const tests::TempDir folder;
  Future<int> future = Async(Options(), fn<&SevenOnce>, folder.File("never"));
  EXPECT_TRUE(future.Cancel());
  EXPECT_THAT(future.Get(kPatience), IsError(absl::StatusCode::kCancelled, ""));
  EXPECT_FALSE(future.Cancel());
}

TEST_P(FutureTest, Cancel_WhenReadyIsFalseAndTheResultStays) {
  Future<int> future = Async(Options(), fn<&tests::ExitWith>, 3);
  ASSERT_TRUE(future.Wait(kPatience));
  EXPECT_FALSE(future.Cancel());
  EXPECT_EQ(*future.Get(), 3);
}

TEST_P(FutureTest, Destructor_JoinsAndLeavesNoChild) {
  const tests::TempDir folder;
  tests::WriteFile(folder.File("go"), "");
  { Future<int> future = Async(Options(), fn<&SevenOnce>, folder.File("go")); }
  EXPECT_TRUE(ActiveChildren().empty());
}

TEST_P(FutureTest, OnReady_IsCalledOnceForEachCallback) {
  const tests::TempDir folder;
  std::atomic<int> sum{0};
  Future<int> future = Async(Options(), fn<&SevenOnce>, folder.File("go"));
  for (int i = 0; i < 3; ++i) {
    future.OnReady([&](const absl::StatusOr<int>& result) { sum += result.value_or(-100); });
  }
  tests::WriteFile(folder.File("go"), "");
  EXPECT_TRUE(WaitUntil([&] { return sum.load() == 21; })) << sum.load();
  EXPECT_EQ(*future.Get(kPatience), 7) << "callbacks take nothing away";
  future.OnReady([&](const absl::StatusOr<int>& result) { sum += result.value_or(-100); });
  EXPECT_EQ(sum.load(), 28) << "at once when it is there";
}

TEST_P(FutureTest, OnReady_ThatThrowsDisturbsNobody) {
  std::atomic<bool> called{false};
  Future<int> future = Async(Options(), fn<&tests::ExitWith>, 1);
  future.OnReady([](const absl::StatusOr<int>&) { throw std::runtime_error("from a callback"); });
  future.OnReady([&](const absl::StatusOr<int>&) { called = true; });
  EXPECT_TRUE(WaitUntil([&] { return called.load(); }));
  EXPECT_EQ(*future.Get(kPatience), 1);
}

TEST_P(FutureTest, OnReady_OfACancelledOneTellsSo) {
  const tests::TempDir folder;
  std::atomic<int> code{-1};
  Future<int> future = Async(Options(), fn<&SevenOnce>, folder.File("never"));
  future.OnReady([&](const absl::StatusOr<int>& r) { code = static_cast<int>(r.status().code()); });
  ASSERT_TRUE(future.Cancel());
  EXPECT_TRUE(WaitUntil([&] { return code == static_cast<int>(absl::StatusCode::kCancelled); })) << code;
}

absl::Status Fine() { return absl::OkStatus(); }

TEST_P(FutureTest, OfVoidAndStatus_GiveAStatus) {
  Future<void> future = Async(Options(), fn<&Fine>);
  std::atomic<bool> called{false};
  future.OnReady([&](const absl::Status& status) { called = status.ok(); });
  EXPECT_OK(future.Get(kPatience));
  EXPECT_TRUE(WaitUntil([&] { return called.load(); }));
}

TEST_P(FutureTest, Get_FromManyThreadsGivesTheResultToOne) {
  Future<int> future = Async(Options(), fn<&tests::ExitWith>, 3);
  std::atomic<int> got{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const absl::StatusOr<int> result = future.Get(kPatience);
      result.ok() ? ++got : ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got.load(), 1);
  EXPECT_EQ(refused.load(), 3);
}

TEST_P(FutureTest, Move_TakesTheResultAlong) {
  Future<int> first = Async(Options(), fn<&tests::ExitWith>, 3);
  Future<int> second = std::move(first);
  EXPECT_EQ(*second.Get(kPatience), 3);
}

}  // namespace
}  // namespace progeny
