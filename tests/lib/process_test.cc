// Starting a child, its end, and what its owner may ask of it.
#include "progeny/process.h"

#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <thread>

#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::IsError;
using tests::kPatience;

class ProcessTest : public tests::EveryMethod {
 protected:
  // The child is ready when this returns.
  absl::StatusOr<Process> StartReady(int (*which)()) {
    absl::StatusOr<Process> child = which == &tests::StayUntilStopped
                                        ? Process::Start(Talking(), fn<&tests::StayUntilStopped>)
                                        : Process::Start(Talking(), fn<&tests::StayUntilEnded>);
    if (child.ok()) {
      EXPECT_EQ(tests::ReadLine(child->out()), "ready");
    }
    return child;
  }

  ExitStatus EndOf(absl::StatusOr<Process> child) {
    EXPECT_OK(child);
    if (!child.ok()) return ExitStatus();
    absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    EXPECT_OK(end);
    return end.ok() ? *end : ExitStatus();
  }
};
PROGENY_FOR_EVERY_METHOD(ProcessTest);

int CheckArguments(std::string text, std::vector<int> numbers, double factor) {
  return text == "a text" && numbers == std::vector<int>{1, 2, 3} && factor == 2.5 ? tests::kDone
                                                                                  : tests::kWrongValue;
}

TEST_P(ProcessTest, Start_GivesTheChildItsArgumentsAsValues) {
  const std::vector<int> numbers{1, 2, 3};
  EXPECT_TRUE(EndOf(Process::Start(Options(), fn<&CheckArguments>, "a text", numbers, 2.5f)).ok());
}

TEST_P(ProcessTest, Start_ReportsTheMethodAndANewId) {
  absl::StatusOr<Process> child = StartReady(&tests::StayUntilStopped);
  ASSERT_OK(child);
  EXPECT_EQ(child->start_method(), GetParam());
  EXPECT_NE(child->id(), this_process::id());
  EXPECT_TRUE(tests::IsRunning(child->id()));
}

TEST_P(ProcessTest, Entry_ReturnedIntIsTheExitCode) {
  for (const auto& [returned, told] : {std::pair{0, 0}, {1, 1}, {8, 8}, {255, 255}, {256, 255}, {-1, 255}}) {
    const ExitStatus end = EndOf(Process::Start(Options(), fn<&tests::ExitWith>, returned));
    EXPECT_TRUE(end.exited()) << end.ToString();
    EXPECT_EQ(end.exit_code(), told) << "returned " << returned;
    EXPECT_EQ(end.ok(), told == 0);
    EXPECT_FALSE(end.terminated() || end.crashed() || end.unknown());
  }
}

void DoNothing() {}
absl::Status GiveStatus(bool good) {
  return good ? absl::OkStatus() : absl::NotFoundError("no such index");
}
void Throw() { throw std::runtime_error("the table is torn"); }

TEST_P(ProcessTest, Entry_ReturningNothingOrOkIsZero) {
  EXPECT_TRUE(EndOf(Process::Start(Options(), fn<&DoNothing>)).ok());
  EXPECT_TRUE(EndOf(Process::Start(Options(), fn<&GiveStatus>, true)).ok());
}

TEST_P(ProcessTest, Entry_ReturningAnErrorIsOneAndTheErrorIsTold) {
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&GiveStatus>, false);
  ASSERT_OK(child);
  ASSERT_OK(child->Join(kPatience));
  EXPECT_EQ(child->exit_status()->exit_code(), 1);
  EXPECT_EQ(child->failure(), absl::NotFoundError("no such index"));
}

TEST_P(ProcessTest, Entry_ThrowingIsOneAndTheExceptionIsTold) {
  ProcessOptions options = Options();
  options.err = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&Throw>);
  ASSERT_OK(child);
  const absl::StatusOr<std::string> words = child->err()->ReadAll(kPatience);
  ASSERT_OK(child->Join(kPatience));
  EXPECT_EQ(child->exit_status()->ToString(), "exit code 1");
  EXPECT_EQ(child->failure().code(), absl::StatusCode::kUnknown);
  const std::optional<RemoteError> thrown = RemoteErrorOf(child->failure());
  ASSERT_TRUE(thrown.has_value());
  EXPECT_EQ(thrown->type, "std::runtime_error");
  EXPECT_EQ(thrown->what, "the table is torn");
  ASSERT_OK(words);
  EXPECT_THAT(*words, HasSubstr("std::runtime_error"));
  EXPECT_THAT(*words, HasSubstr("the table is torn"));
}

TEST_P(ProcessTest, Entry_CrashingIsToldAsACrash) {
  ProcessOptions options = Options();
  options.crash_reports = CrashReports::kOff;
  absl::StatusOr<Process> child = Process::Start(options, fn<&tests::Crash>);
  ASSERT_OK(child);
  const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
  ASSERT_OK(end);
  EXPECT_TRUE(end->crashed()) << end->ToString();
  EXPECT_FALSE(end->terminated() || end->exited());
  EXPECT_OK(child->failure()) << "nothing was thrown or returned";
}

TEST_P(ProcessTest, Failure_OfARunningChildIsOk) {
  absl::StatusOr<Process> child = StartReady(&tests::StayUntilStopped);
  ASSERT_OK(child);
  EXPECT_OK(child->failure());
  EXPECT_EQ(child->exit_status(), std::nullopt);
}

TEST_P(ProcessTest, Join_AfterTimeout_LeavesTheChildRunning) {
  absl::StatusOr<Process> child = StartReady(&tests::StayUntilStopped);
  ASSERT_OK(child);
  for (absl::Duration timeout : {absl::ZeroDuration(), absl::Seconds(-1), -absl::InfiniteDuration(),
                                 absl::Milliseconds(5)}) {
    EXPECT_THAT(child->Join(timeout), IsError(absl::StatusCode::kDeadlineExceeded, child->name()));
    EXPECT_TRUE(child->IsAlive());
  }
  ASSERT_OK(child->RequestStop());
  EXPECT_TRUE(child->Join(kPatience)->ok());
  EXPECT_FALSE(child->IsAlive());
}

TEST_P(ProcessTest, Join_FromManyThreads_GivesAllTheSameStatus) {
  absl::StatusOr<Process> child = StartReady(&tests::StayUntilEnded);
  ASSERT_OK(child);
  std::atomic<int> agreed{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 8; ++i) {
    waiters.emplace_back([&] {
      const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
      if (end.ok() && end->terminated()) ++agreed;
    });
  }
  ASSERT_OK(child->Kill());
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(agreed.load(), 8);
  EXPECT_TRUE(child->Join()->terminated()) << "it is kept";
}

TEST_P(ProcessTest, TerminateKillInterrupt_EndTheChildAndAreToldAsTermination) {
  for (absl::Status (Process::*end)() : {&Process::Terminate, &Process::Kill, &Process::Interrupt}) {
    absl::StatusOr<Process> child = StartReady(&tests::StayUntilEnded);
    ASSERT_OK(child);
    ASSERT_OK(((*child).*end)());
    const absl::StatusOr<ExitStatus> status = child->Join(kPatience);
    ASSERT_OK(status);
    EXPECT_TRUE(status->terminated()) << status->ToString();
    EXPECT_FALSE(status->exited() || status->crashed() || status->ok());
    EXPECT_OK(child->failure());
  }
}

TEST_P(ProcessTest, EndedChild_CanBeEndedAgainWithoutError) {
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::ExitWith>, 7);
  ASSERT_OK(child);
  ASSERT_OK(child->Join(kPatience));
  EXPECT_OK(child->RequestStop());
  EXPECT_OK(child->Interrupt());
  EXPECT_OK(child->Terminate());
  EXPECT_OK(child->Kill());
  EXPECT_EQ(child->Join()->exit_code(), 7);
}

TEST_P(ProcessTest, Terminate_RightAfterStart_IsToldForEveryChild) {
  std::vector<Process> children;
  const int count = forks() ? 50 : 5;
  for (int i = 0; i < count; ++i) {
    ProcessOptions options = Options();
    options.out = Stdio::Null();
    absl::StatusOr<Process> child = Process::Start(options, fn<&tests::StayUntilEnded>);
    ASSERT_OK(child);
    ASSERT_OK(child->Terminate());
    children.push_back(*std::move(child));
  }
  for (Process& child : children) EXPECT_TRUE(child.Join(kPatience)->terminated());
}

TEST_P(ProcessTest, ManyShortChildren_AllEndWell) {
  std::vector<Process> children;
  const int count = forks() ? 100 : 10;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::ExitWith>, 0);
    ASSERT_OK(child);
    children.push_back(*std::move(child));
  }
  for (Process& child : children) EXPECT_TRUE(child.Join(kPatience)->ok());
}

TEST_P(ProcessTest, Destructor_AsksToStopAndJoins) {
  int64_t id = 0;
  {
    absl::StatusOr<Process> child = StartReady(&tests::StayUntilStopped);
    ASSERT_OK(child);
    id = child->id();
  }
  EXPECT_FALSE(tests::IsRunning(id));
}

TEST_P(ProcessTest, Assignment_EndsTheOldChildAndTakesTheNewOne) {
  absl::StatusOr<Process> first = StartReady(&tests::StayUntilStopped);
  absl::StatusOr<Process> second = StartReady(&tests::StayUntilStopped);
  ASSERT_OK(first);
  ASSERT_OK(second);
  const ProcessId old_id = first->id();
  const ProcessId new_id = second->id();
  *first = *std::move(second);
  EXPECT_FALSE(tests::IsRunning(old_id));
  EXPECT_TRUE(first->IsAlive());
  EXPECT_EQ(first->id(), new_id);
}

int IgnoreTermination() {
  std::signal(SIGTERM, SIG_IGN);
  return tests::StayUntilEnded();
}

TEST_P(ProcessTest, Daemon_IsEndedWithItsHandleEvenIfItIgnoresTermination) {
  ProcessOptions options = Talking();
  options.daemon = true;
  options.grace = absl::Milliseconds(20);
  int64_t id = 0;
  {
    absl::StatusOr<Process> child = Process::Start(options, fn<&IgnoreTermination>);
    ASSERT_OK(child);
    EXPECT_EQ(tests::ReadLine(child->out()), "ready");
    id = child->id();
  }
  EXPECT_FALSE(tests::IsRunning(id));
}

}  // namespace
}  // namespace progeny
