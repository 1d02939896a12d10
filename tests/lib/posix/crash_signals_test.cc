// Crash reports beside signals and handlers of the program's own.
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "progeny/crash_reports.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::kPatience;

class CrashSignalsTest : public tests::EveryMethod {
 protected:
  void SetUp() override {
    tests::EveryMethod::SetUp();
    if (tests::kSanitized) GTEST_SKIP() << "a sanitizer keeps these signals to itself";
  }
  ProcessOptions Reporting() const {
    ProcessOptions options = Options();
    options.crash_reports = CrashReports::kOn;
    return options;
  }
};
PROGENY_FOR_EVERY_METHOD(CrashSignalsTest);

int Raise(int signal) {
  raise(signal);
  return tests::kNobodyEndedMe;
}

TEST_P(CrashSignalsTest, TheChildDiesOfTheSignalThatItReports) {
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    absl::StatusOr<Process> child = Process::Start(Reporting(), fn<&Raise>, signal);
    ASSERT_OK(child);
    EXPECT_EQ(child->Join(kPatience)->signal(), signal);
    const std::optional<CrashReport> report = child->crash_report();
    ASSERT_TRUE(report.has_value()) << signal;
    EXPECT_THAT(child->exit_status()->ToString(), HasSubstr(report->what.substr(0, report->what.find(' '))));
    EXPECT_EQ(report->address, std::nullopt) << "nothing was accessed";
  }
}

TEST_P(CrashSignalsTest, ASignalFromOutside_IsReportedAsSent) {
  absl::StatusOr<Process> child = Process::Start(
      [&] {
        ProcessOptions options = Reporting();
        options.out = Stdio::Pipe();
        return options;
      }(),
      fn<&tests::StayUntilEnded>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  kill(static_cast<pid_t>(child->id()), SIGSEGV);
  EXPECT_EQ(child->Join(kPatience)->signal(), SIGSEGV);
  EXPECT_THAT(child->crash_report()->what, HasSubstr("sent by a process"));
}

int DivideByZero() {
  volatile int zero = 0;
  volatile int result = 7 / zero;
  return result;
}

TEST_P(CrashSignalsTest, ADivisionByZero_NamesItself) {
  absl::StatusOr<Process> child = Process::Start(Reporting(), fn<&DivideByZero>);
  ASSERT_OK(child);
  const ExitStatus end = *child->Join(kPatience);
  if (end.exited()) GTEST_SKIP() << "this processor divides by zero without a fault";
  EXPECT_EQ(end.signal(), SIGFPE);
  EXPECT_THAT(child->crash_report()->what, HasSubstr("division by zero"));
}

sigjmp_buf back;
void JumpBack(int) { siglongjmp(back, 1); }

// A program that lives with faults: its handler comes later than ours and replaces it.
int Recover() {
  signal(SIGSEGV, &JumpBack);
  volatile int* volatile nowhere = nullptr;
  if (sigsetjmp(back, 1) == 0) *nowhere = 1;
  return tests::kDone;
}

TEST_P(CrashSignalsTest, AHandlerOfTheChildsCode_ReplacesOurs) {
  absl::StatusOr<Process> child = Process::Start(Reporting(), fn<&Recover>);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), tests::kDone);
  EXPECT_EQ(child->crash_report(), std::nullopt);
}

TEST_P(CrashSignalsTest, AHandlerFromBefore_IsCalledAfterOurs) {
  if (!forks()) GTEST_SKIP() << "a re-executed child begins with default actions";
  struct sigaction before {};
  struct sigaction leave {};
  leave.sa_handler = [](int) { _exit(9); };
  sigaction(SIGSEGV, &leave, &before);
  absl::StatusOr<Process> child = Process::Start(Reporting(), fn<&Raise>, SIGSEGV);
  sigaction(SIGSEGV, &before, nullptr);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), 9);
  EXPECT_EQ(child->crash_report(), std::nullopt) << "it didn't die of it";
}

TEST_P(CrashSignalsTest, AHandlerFromBeforeThatReturns_TakesTheReportBack) {
  if (!forks()) GTEST_SKIP() << "a re-executed child begins with default actions";
  struct sigaction before {};
  struct sigaction live_on {};
  live_on.sa_handler = [](int) {};
  sigaction(SIGTRAP, &live_on, &before);
  absl::StatusOr<Process> child = Process::Start(Reporting(), fn<&Raise>, SIGTRAP);
  sigaction(SIGTRAP, &before, nullptr);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), tests::kNobodyEndedMe);
}

// What the child forks by itself has our handlers, but isn't our child.
int ForkAndRaise() {
  const pid_t own = fork();
  if (own == 0) {
    raise(SIGSEGV);
    _exit(0);
  }
  int status = 0;
  waitpid(own, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV) return tests::kWrongValue;
  raise(SIGABRT);
  return tests::kNobodyEndedMe;
}

TEST_P(CrashSignalsTest, AForkOfTheChilds_TellsNothingInItsName) {
  absl::StatusOr<Process> child = Process::Start(Reporting(), fn<&ForkAndRaise>);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->signal(), SIGABRT);
  EXPECT_THAT(child->crash_report()->what, HasSubstr("SIGABRT"));
}

}  // namespace
}  // namespace progeny
