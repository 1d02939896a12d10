// What makes a fork of this process unsafe, and plain forks themselves.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "progeny/call.h"
#include "progeny/log.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::IsError;
using tests::kPatience;

class ForkTest : public tests::LeakFreeTest {
 protected:
  void SetUp() override {
    if (!tests::HasFork()) GTEST_SKIP() << "no fork on this system";
    LeakFreeTest::SetUp();
  }
};

// A thread that waits until it is let go; holds a lock of its own meanwhile.
class Waiting {
 public:
  Waiting() : thread_([this] {
      std::unique_lock<std::mutex> lock(mutex_);
      running_ = true;
      released_.wait(lock, [this] { return release_; });
    }) {
    tests::WaitUntil([this] { return running_.load(); });
  }
  ~Waiting() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      release_ = true;
    }
    released_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  bool release_ = false;
  std::atomic<bool> running_{false};
  std::thread thread_;
};

TEST_F(ForkTest, ForkSafety_CountsTheOtherThreads) {
  const size_t before = ForkSafety().other_threads.size();
  {
    const Waiting one;
    const Waiting two;
    const ForkSafetyReport report = ForkSafety();
    EXPECT_EQ(report.other_threads.size(), before + 2);
    EXPECT_FALSE(report.safe());
    EXPECT_THAT(report.ToString(), HasSubstr("other threads"));
  }
  EXPECT_TRUE(tests::WaitUntil([&] { return ForkSafety().other_threads.size() == before; }));
}

bool ForkIsSafeHere() { return ForkSafety().safe(); }

TEST_F(ForkTest, ForkSafety_AForkedChildHasNoneOfItsParentsThreads) {
  const Waiting other;
  EXPECT_TRUE(*Call({.start_method = StartMethod::kFork}, fn<&ForkIsSafeHere>));
}

int Nothing() { return 0; }

// What progeny says while it lives.
class Heard {
 public:
  Heard() {
    Log::SetSink([this](const Log::Message& message) { lines_.emplace_back(message.text); });
  }
  ~Heard() { Log::SetSink({}); }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

ProcessOptions ForkedWith(ForkSafetyPolicy policy) {
  return {.start_method = StartMethod::kFork, .fork_safety = policy};
}

// In a process that hasn't warned yet, as this one may have in another test.
int WarnOnce() {
  const Waiting other;
  const Heard heard;
  for (int i = 0; i < 3; ++i) {
    if (!Call(ForkedWith(ForkSafetyPolicy::kWarn), fn<&Nothing>).ok()) return tests::kStartFailed;
  }
  if (heard.lines().size() != 1) return tests::kWrongValue;
  tests::Say(heard.lines()[0]);
  return tests::kDone;
}

TEST_F(ForkTest, ForkBesideThreads_WarnsOncePerProcess) {
  absl::StatusOr<Process> child = Process::Start(
      {.start_method = StartMethod::kFork, .out = Stdio::Pipe()}, fn<&WarnOnce>);
  ASSERT_OK(child);
  const std::string line = tests::ReadLine(child->out());
  EXPECT_THAT(line, HasSubstr("other threads"));
  EXPECT_THAT(line, HasSubstr("kIgnore")) << "it names the way to silence it";
  EXPECT_EQ(child->Join(kPatience)->exit_code(), tests::kDone);
}

TEST_F(ForkTest, ForkBesideThreads_IsSilentWhenToldToIgnoreThem) {
  const Waiting other;
  const Heard heard;
  ASSERT_OK(Call(ForkedWith(ForkSafetyPolicy::kIgnore), fn<&Nothing>));
  EXPECT_TRUE(heard.lines().empty());
}

TEST_F(ForkTest, ForkBesideThreads_IsRefusedBeforeAnyProcessExists) {
  const Heard heard;
  {
    const Waiting other;
    EXPECT_THAT(Process::Start(ForkedWith(ForkSafetyPolicy::kRefuse), fn<&Nothing>),
                IsError(absl::StatusCode::kFailedPrecondition, "other threads"));
    EXPECT_THAT(Process::Fork(ForkedWith(ForkSafetyPolicy::kRefuse), &Nothing),
                IsError(absl::StatusCode::kFailedPrecondition, "spawn"));
    EXPECT_TRUE(ActiveChildren().empty());
    ASSERT_OK(Call({.start_method = StartMethod::kSpawn, .fork_safety = ForkSafetyPolicy::kRefuse},
                   fn<&Nothing>));
  }
  EXPECT_TRUE(heard.lines().empty());
}

int ForkQuietly() {
  const Heard heard;
  const bool forked = Call(ForkedWith(ForkSafetyPolicy::kRefuse), fn<&Nothing>).ok() &&
                      Call(ForkedWith(ForkSafetyPolicy::kWarn), fn<&Nothing>).ok();
  return forked && heard.lines().empty() ? tests::kDone : tests::kWrongValue;
}

TEST_F(ForkTest, ForkWithoutThreads_IsNeitherRefusedNorWarnedOf) {
  const Waiting other;  // of this process, not of its child
  EXPECT_EQ(*Call(ForkedWith(ForkSafetyPolicy::kIgnore), fn<&ForkQuietly>), tests::kDone);
}

TEST_F(ForkTest, ForkSafety_TellsWhatAForkCosts) {
  const ForkSafetyReport report = ForkSafety();
  ASSERT_TRUE(report.resident.has_value());
  EXPECT_GT(*report.resident, 0);
  EXPECT_LE(report.page_table_copy.value_or(absl::ZeroDuration()), absl::Seconds(10));
  EXPECT_THAT(report.ToString(), HasSubstr("MiB resident"));
}

TEST(Fork, IsUnimplementedWhereThereIsNone) {
  if (tests::HasFork()) GTEST_SKIP() << "this system forks";
  EXPECT_THAT(Process::Fork([] {}), IsError(absl::StatusCode::kUnimplemented, "spawn"));
}

TEST_F(ForkTest, Fork_RunsAnyCallableWithItsCaptures) {
  const std::string text = "captured";
  int written_in_child_only = 1;
  absl::StatusOr<Process> child = Process::Fork([&] {
    written_in_child_only = 2;
    return text == "captured" ? 7 : tests::kWrongValue;
  });
  ASSERT_OK(child);
  EXPECT_EQ(child->start_method(), StartMethod::kFork);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), 7);
  EXPECT_EQ(written_in_child_only, 1);
}

TEST_F(ForkTest, Fork_TakesArgumentsByReferenceAndOptions) {
  int value = 5;
  ProcessOptions options{.start_method = StartMethod::kSpawn, .name = "plain", .out = Stdio::Pipe()};
  absl::StatusOr<Process> child = Process::Fork(
      options, [](int& x) { tests::Say(std::to_string(++x) + " " + this_process::name()); }, value);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "6 plain");
  EXPECT_EQ(child->start_method(), StartMethod::kFork) << "start_method is ignored";
  EXPECT_EQ(value, 5);
}

thread_local int own_value = 0;

TEST_F(ForkTest, Fork_SeesTheThreadLocalsOfItsCaller) {
  absl::StatusOr<ExitStatus> end = absl::UnknownError("not run");
  std::thread([&] {
    own_value = 9;
    absl::StatusOr<Process> child = Process::Fork([] { return own_value; });
    end = child.ok() ? child->Join(kPatience) : child.status();
  }).join();
  ASSERT_OK(end);
  EXPECT_EQ(end->exit_code(), 9);
}

TEST_F(ForkTest, Fork_ReportsWhatTheCallableThrew) {
  absl::StatusOr<Process> child =
      Process::Fork({.err = Stdio::Null()}, [] { throw std::runtime_error("torn"); });
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), 1);
  EXPECT_EQ(RemoteErrorOf(child->failure())->what, "torn");
}

TEST_F(ForkTest, HandlesOfTheParent_AreRefusedInTheChildAndTheirEndDoesNothing) {
  absl::StatusOr<Process> sibling =
      Process::Start({.start_method = StartMethod::kFork, .out = Stdio::Pipe()},
                     fn<&tests::StayUntilStopped>);
  ASSERT_OK(sibling);
  EXPECT_EQ(tests::ReadLine(sibling->out()), "ready");
  absl::StatusOr<Process> child = Process::Fork([&] {
    const bool refused = sibling->Kill().code() == absl::StatusCode::kFailedPrecondition &&
                         sibling->RequestStop().code() == absl::StatusCode::kFailedPrecondition &&
                         sibling->Join().status().code() == absl::StatusCode::kFailedPrecondition &&
                         !sibling->IsAlive();
    { const Process ended_here = *std::move(sibling); }
    return refused ? tests::kDone : tests::kWrongValue;
  });
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), tests::kDone);
  EXPECT_TRUE(sibling->IsAlive());
}

TEST_F(ForkTest, Fork_BesideManyAllocatingThreads_NeverHangs) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) delete[] new char[100 + (reinterpret_cast<uintptr_t>(&stop) & 1)];
    });
  }
  for (int i = 0; i < 100; ++i) {
    const absl::StatusOr<std::string> text =
        Call({.start_method = StartMethod::kFork}, [](int n) { return std::string(5000 + n, 'x'); }, i);
    ASSERT_OK(text);
    EXPECT_EQ(text->size(), 5000u + i);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace progeny
