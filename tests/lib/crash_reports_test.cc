// A crash is a value: fault, address, stack and last words of a child that has died of it.
#include "progeny/crash_reports.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::kPatience;

class CrashTest : public tests::EveryMethod {
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
  // Names of symbols can be told where programs have them.
  static bool HasSymbols() { return tests::HasFork(); }

  template <auto kEntry>
  std::optional<CrashReport> ReportOf(ProcessOptions options) {
    absl::StatusOr<Process> child = Process::Start(std::move(options), fn<kEntry>);
    EXPECT_OK(child);
    if (!child.ok()) return std::nullopt;
    const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    EXPECT_OK(end);
    if (end.ok()) {
      EXPECT_TRUE(end->crashed()) << end->ToString();
    }
    const std::optional<CrashReport> report = child->crash_report();
    EXPECT_EQ(child->failure().ok(), !report.has_value());
    return report;
  }
};
PROGENY_FOR_EVERY_METHOD(CrashTest);

volatile int* volatile nowhere = nullptr;
volatile int zero = 0;

[[gnu::noinline]] void WriteNowhere() { nowhere[16] = 1; }
[[gnu::noinline]] void CallsWriter() {
  WriteNowhere();
  zero = zero + 1;  // no tail call
}
void Fault() { CallsWriter(); }

TEST_P(CrashTest, AFault_IsReportedWithItsAddressAndStack) {
  const std::optional<CrashReport> report = ReportOf<&Fault>(Reporting());
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->what, AnyOf(HasSubstr("SIGSEGV"), HasSubstr("access violation"), HasSubstr("SIGBUS")));
  EXPECT_EQ(report->address, 16 * sizeof(int));
  EXPECT_FALSE(report->stack_overflow);
  ASSERT_GE(report->stack.size(), 3u);
  EXPECT_THAT(report->stack[0], HasSubstr("crash_reports_test"));
  if (HasSymbols()) {
    EXPECT_THAT(report->stack[0], HasSubstr("WriteNowhere"));
    EXPECT_THAT(report->stack[1], HasSubstr("CallsWriter"));
  }
  EXPECT_THAT(report->ToString(), HasSubstr(" at 0x40"));
}

void Abort() { std::abort(); }

TEST_P(CrashTest, Abort_IsReportedWithoutAnAddress) {
  const std::optional<CrashReport> report = ReportOf<&Abort>(Reporting());
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->what, AnyOf(HasSubstr("SIGABRT"), HasSubstr("abort")));
  EXPECT_EQ(report->address, std::nullopt);
  EXPECT_FALSE(report->stack.empty());
  if (HasSymbols()) {
    EXPECT_THAT(report->stack, Contains(HasSubstr("Abort")));
  }
}

[[gnu::noinline]] int Deeper(int depth) {
  volatile char room[1024];
  room[0] = static_cast<char>(depth);
  return zero == 1 ? depth : Deeper(depth + 1) + room[0];
}
int OverflowTheStack() { return Deeper(0); }

TEST_P(CrashTest, AStackOverflow_IsReportedAsSuch) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine ends the thread whose stack has overflowed, and not the process";
  const std::optional<CrashReport> report = ReportOf<&OverflowTheStack>(Reporting());
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->stack_overflow) << report->ToString();
  EXPECT_FALSE(report->stack.empty());
  if (HasSymbols()) {
    EXPECT_THAT(report->stack[0], HasSubstr("Deeper"));
  }
}

// Every block's head is torn, as far as one can write without a fault of one's own.
void TearTheHeap() {
  char* volatile blocks[64];
  for (char* volatile& block : blocks) block = static_cast<char*>(std::malloc(40));
  for (char* block : blocks) std::memset(block - 16, 0x7f, 48);
  CallsWriter();
}

TEST_P(CrashTest, ATornHeap_IsNoObstacle) {
  const std::optional<CrashReport> report = ReportOf<&TearTheHeap>(Reporting());
  ASSERT_TRUE(report.has_value());
  EXPECT_GE(report->stack.size(), 3u);
}

void FaultInAThread() { std::thread(&Fault).join(); }

TEST_P(CrashTest, AFaultOfAnotherThread_IsReported) {
  const std::optional<CrashReport> report = ReportOf<&FaultInAThread>(Reporting());
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->address, 16 * sizeof(int));
}

void SpeakAndFault() {
  for (int i = 0; i < 100; ++i) std::fprintf(stderr, "line %d\n", i);
  std::fflush(stderr);
  CallsWriter();
}

TEST_P(CrashTest, TheLastLinesOfStderr_AreInTheReportAndStayToBeRead) {
  ProcessOptions options = Reporting();
  options.err = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&SpeakAndFault>);
  ASSERT_OK(child);
  ASSERT_OK(child->Join(kPatience));
  const std::optional<CrashReport> report = child->crash_report();
  ASSERT_TRUE(report.has_value());
  EXPECT_THAT(report->last_output, HasSubstr("line 99"));
  EXPECT_THAT(report->last_output, Not(HasSubstr("line 8\n")));
  EXPECT_THAT(report->ToString(), HasSubstr("line 99"));
  const absl::StatusOr<std::string> all = child->err()->ReadAll(kPatience);
  ASSERT_OK(all);
  EXPECT_THAT(*all, HasSubstr("line 0"));
  EXPECT_THAT(*all, HasSubstr("line 99"));
  EXPECT_THAT(child->crash_report()->last_output, HasSubstr("line 99")) << "read or not";
}

int FaultInsteadOfAnAnswer() {
  CallsWriter();
  return 1;
}

TEST_P(CrashTest, Call_CarriesTheReportInItsStatus) {
  const absl::StatusOr<int> answer = Call(Reporting(), fn<&FaultInsteadOfAnAnswer>);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(ExitStatusOf(answer.status())->crashed());
  const std::optional<CrashReport> report = CrashReportOf(answer.status());
  ASSERT_TRUE(report.has_value());
  EXPECT_GE(report->stack.size(), 3u);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr(report->stack[0]));
}

TEST_P(CrashTest, ByDefault_ReexecutedChildrenReportAndForkedOnesDoNot) {
  EXPECT_EQ(ReportOf<&Fault>(Options()).has_value(), !forks());
}

TEST_P(CrashTest, Off_ThereIsNoReportAndNoFailure) {
  ProcessOptions options = Options();
  options.crash_reports = CrashReports::kOff;
  EXPECT_FALSE(ReportOf<&Fault>(options).has_value());
}

TEST_P(CrashTest, AnEndWithoutACrash_HasNoReport) {
  absl::StatusOr<Process> child = Process::Start(Reporting(), fn<&tests::ExitWith>, 3);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), 3);
  EXPECT_EQ(child->crash_report(), std::nullopt);
  EXPECT_OK(child->failure());
  EXPECT_EQ(CrashReportOf(absl::OkStatus()), std::nullopt);
}

}  // namespace
}  // namespace progeny
