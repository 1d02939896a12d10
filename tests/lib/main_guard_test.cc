// The first line of main: what holds when it is there, late, conditional or missing.
#include "progeny/main_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "progeny/call.h"
#include "progeny/fork_server.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::IsError;

class GuardProgram : public tests::LeakFreeTest {
 protected:
  struct Result {
    std::string output;
    int64_t runs_of_main = 0;
  };
  Result Run(const std::string& how, std::vector<std::string> more = {}) {
    const tests::TempDir folder;
    const std::string log = folder.File("runs");
    std::vector<std::string> arguments{PROGENY_CHILD_GUARD_CASES, how, log};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const tests::ProgramRun run = tests::RunProgram(arguments);
    EXPECT_TRUE(run.finished) << "it hung:\n" << run.output;
    EXPECT_EQ(run.exit_code, 0) << run.output;
    const std::string lines = tests::ReadFile(log);
    return {run.output, std::count(lines.begin(), lines.end(), '\n')};
  }
};

constexpr char kFailedPrecondition[] = "FAILED_PRECONDITION: ";

TEST_F(GuardProgram, WithItsGuardFirst_WorksAndMainRunsOnceBeyondIt) {
  const Result result = Run("first", {"--flag", "with blanks", "last"});
  EXPECT_THAT(result.output, HasSubstr("call: 42\n"));
  EXPECT_THAT(result.output, HasSubstr("end: exit code 42\nfailure: OK"));
  EXPECT_THAT(result.output, HasSubstr("arguments: [--flag] [with blanks] [last] end"));
}

TEST_F(GuardProgram, WithoutArgcAndArgv_WorksToo) {
  EXPECT_THAT(Run("without arguments").output, HasSubstr("call: 42\n"));
}

TEST_F(GuardProgram, InChild_RunsInReexecutedChildrenOnly) {
  EXPECT_THAT(Run("init").output, HasSubstr("here 0, there 7\nhere 0, there 7\n"));
}

TEST_F(GuardProgram, InChild_RunsOnceInAForkServer) {
  if (!tests::HasFork()) GTEST_SKIP() << "this system has no fork";
  const Result result = Run("forkserver:init");
  EXPECT_THAT(result.output, HasSubstr("here 0, there 7\nhere 0, there 7\n"));
  EXPECT_EQ(result.runs_of_main, 2) << "the program and its server";
}

TEST_F(GuardProgram, WithoutAGuard_IsToldByStartAndMakesNoProcess) {
  const Result result = Run("none");
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("call: ", kFailedPrecondition)));
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("start: ", kFailedPrecondition)));
  EXPECT_THAT(result.output, HasSubstr("MainGuard guard(argc, argv)"));
  EXPECT_EQ(result.runs_of_main, 1);
}

TEST_F(GuardProgram, WithAConditionalGuard_IsNoForkBombAndTheParentIsTold) {
  const Result result = Run("conditional");
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("in the child: ", kFailedPrecondition)));
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("call: ", kFailedPrecondition)));
  EXPECT_THAT(result.output, HasSubstr("end: exit code 5"));
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("failure: ", kFailedPrecondition)));
  EXPECT_THAT(result.output, HasSubstr("before it reached a progeny::MainGuard"));
  EXPECT_EQ(result.runs_of_main, 3) << "the program and its two children";
}

TEST_F(GuardProgram, ThatEndsBeforeItsGuard_IsToldToTheParent) {
  for (const auto& [how, code] : {std::pair{"early return", 6}, {"crash before", 7}}) {
    const Result result = Run(how);
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("call: ", kFailedPrecondition)));
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("end: exit code ", code)));
    EXPECT_THAT(result.output, HasSubstr("before it reached a progeny::MainGuard"));
    EXPECT_EQ(result.runs_of_main, 3);
  }
}

TEST_F(GuardProgram, WithALateGuard_DoesNotRunTheEntry) {
  const Result result = Run("late");
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("too early: ", kFailedPrecondition)));
  EXPECT_THAT(result.output, HasSubstr(absl::StrCat("call: ", kFailedPrecondition)));
  EXPECT_THAT(result.output, HasSubstr("came too late"));
  EXPECT_THAT(result.output, Not(HasSubstr("call: 42")));
  EXPECT_EQ(result.runs_of_main, 3);
}

TEST_F(GuardProgram, OfAForkServer_LateOrMissing_IsToldByStart) {
  if (!tests::HasFork()) GTEST_SKIP() << "this system has no fork";
  EXPECT_THAT(Run("forkserver:first").output, HasSubstr("call: 42\nend: exit code 42"));
  for (const auto& [how, words] : {std::pair{"conditional", "exit code 5"}, {"early return", "exit code 6"},
                                   {"crash before", "exit code 7"}, {"late", "came too late"}}) {
    const Result result = Run(absl::StrCat("forkserver:", how));
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("call: ", kFailedPrecondition))) << how;
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("start: ", kFailedPrecondition))) << how;
    EXPECT_THAT(result.output, HasSubstr(words)) << how;
    EXPECT_THAT(result.output, HasSubstr("MainGuard")) << how;
    EXPECT_EQ(result.runs_of_main, 3) << how << ": the program, and a server for each of two starts";
  }
  EXPECT_EQ(Run("forkserver:none").runs_of_main, 1);
}

class GuardTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(GuardTest);

int CallDown(int depth) {
  if (depth == 0) return 1;
  const StartMethod method = *this_process::start_method();
  return 1 + Call({.start_method = method}, fn<&CallDown>, depth - 1).value_or(-100);
}

TEST_P(GuardTest, Children_MayStartChildrenOfTheirOwn) {
  EXPECT_EQ(*Call(Options(), fn<&CallDown>, 2), 3);
}

TEST_P(GuardTest, ExecutableWithoutAGuard_IsToldByFailure) {
  if (forks()) GTEST_SKIP() << "fork takes no executable";
  ProcessOptions options = Options();
  options.executable = PROGENY_CHILD_NO_GUARD;
  absl::StatusOr<Process> child = Process::Start(options, fn<&tests::ExitWith>, 0);
  if (GetParam() == StartMethod::kForkServer) {
    // It is the server that has no guard, so no child comes to be.
    EXPECT_THAT(child, IsError(absl::StatusCode::kFailedPrecondition, "MainGuard"));
    EXPECT_THAT(child, IsError(absl::StatusCode::kFailedPrecondition, "exit code 3"));
    EXPECT_EQ(ExitStatusOf(child.status())->exit_code(), 3);
    return;
  }
  ASSERT_OK(child);
  ASSERT_OK(child->Join(tests::kPatience));
  EXPECT_EQ(child->exit_status()->exit_code(), 3) << "the program's own";
  EXPECT_THAT(child->failure(), IsError(absl::StatusCode::kFailedPrecondition, "MainGuard"));
}

TEST_P(GuardTest, ExecutableOfAnotherBuild_RunsNothingAndNamesBoth) {
  if (forks()) GTEST_SKIP() << "fork takes no executable";
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.executable = PROGENY_CHILD_BARE_WORKER;
  options.err = Stdio::File(folder.File("err"));
  const absl::Status status = Call(options, fn<&tests::ExitWith>, 0).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition, "the parent has build "));
  EXPECT_THAT(status, IsError(absl::StatusCode::kFailedPrecondition, "this process has build "));
  EXPECT_THAT(tests::ReadFile(folder.File("err")), HasSubstr("the parent has build "));
  ForkServer::Stop();  // or the other program's stays
}

}  // namespace
}  // namespace progeny
