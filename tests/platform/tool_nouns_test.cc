// The nouns behind the command-line tool: a foreign program, signals, the terminal, facts.
#include <csignal>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "platform/capabilities.h"
#include "platform/deadline.h"
#include "platform/foreign_program.h"
#include "platform/host.h"
#include "platform/image.h"
#include "platform/machine.h"
#include "platform/terminal.h"
#include "platform/user_signals.h"
#include "platform/wait_set.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

using tests::IsError;
using tests::kPatience;

class ToolNounsTest : public tests::LeakFreeTest {};

TEST_F(ToolNounsTest, AForeignProgram_TellsHowItEnded) {
  const absl::StatusOr<StartedProgram> program =
      StartForeignProgram({ProgramPath(), "--gtest_list_tests", "--gtest_brief=1"});
  ASSERT_OK(program);
  EXPECT_GT(program->id, 0);
  ASSERT_OK(AwaitForeignProgram(*program));
  EXPECT_EQ(TakeForeignExit(*program), (ExitInfo{ExitInfo::Kind::kExited, 0}));
}

TEST_F(ToolNounsTest, AForeignProgramThatIsNotThere_IsNotFound) {
  EXPECT_THAT(StartForeignProgram({"no-such-program-anywhere"}),
              IsError(absl::StatusCode::kNotFound, "no-such-program-anywhere"));
  EXPECT_THAT(StartForeignProgram(std::vector<std::string>()),
              IsError(absl::StatusCode::kInvalidArgument, "command"));
}

TEST_F(ToolNounsTest, Signals_AreTakenInTheirOrder) {
  if (!Capabilities().signals) GTEST_SKIP() << "this system has no signals to raise";
  absl::StatusOr<UserSignals> signals = UserSignals::Catch();
  ASSERT_OK(signals);
  EXPECT_THAT(WaitForAny({signals->handle()}, Deadline::After(absl::ZeroDuration())),
              IsError(absl::StatusCode::kDeadlineExceeded, ""));
  std::raise(SIGINT);
  std::raise(SIGTERM);
  ASSERT_OK(WaitForAny({signals->handle()}, Deadline::After(kPatience)));
  const std::pair<int, UserSignal::Kind> expected[] = {{SIGINT, UserSignal::Kind::kInterrupt},
                                                       {SIGTERM, UserSignal::Kind::kEnd}};
  for (const auto& [number, kind] : expected) {
    const std::optional<UserSignal> signal = signals->Take();
    ASSERT_TRUE(signal.has_value());
    EXPECT_EQ(signal->number, number);
    EXPECT_EQ(signal->kind, kind);
    EXPECT_FALSE(signal->from_terminal);
  }
  EXPECT_FALSE(signals->Take().has_value());
}

TEST_F(ToolNounsTest, Signals_AreCaughtOnceAndActAsBeforeAfterwards) {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  {
    absl::StatusOr<UserSignals> signals = UserSignals::Catch();
    ASSERT_OK(signals);
    EXPECT_THAT(UserSignals::Catch(), IsError(absl::StatusCode::kFailedPrecondition, "already"));
    std::raise(SIGTERM);  // ignored when it came: still so
    EXPECT_FALSE(signals->Take().has_value());
  }
  EXPECT_OK(UserSignals::Catch());
  EXPECT_EQ(std::signal(SIGTERM, before), SIG_IGN);
}

TEST_F(ToolNounsTest, WithoutATerminal_ThereIsNoScreen) {
  EXPECT_GT(GetTerminalSize().rows, 0);
  EXPECT_GT(GetTerminalSize().columns, 0);
  if (HasTerminal()) GTEST_SKIP() << "this test runs in a terminal";
  EXPECT_THAT(TerminalScreen::Open(), IsError(absl::StatusCode::kFailedPrecondition, "terminal"));
}

TEST_F(ToolNounsTest, Facts_HaveATopicAndAUniqueName) {
  std::set<std::string> names;
  for (const MachineFact& fact : MachineFacts()) {
    EXPECT_FALSE(fact.topic.empty()) << fact.name;
    EXPECT_TRUE(names.insert(fact.topic + "/" + fact.name).second) << fact.name;
    EXPECT_NE(fact.number.has_value(), !fact.value.empty()) << fact.name;
  }
  EXPECT_FALSE(names.empty());
}

TEST_F(ToolNounsTest, ThreadCpuTime_GrowsWithWork) {
  const std::optional<absl::Duration> before = ThreadCpuTime();
  if (!before.has_value()) GTEST_SKIP() << "this system counts it too coarsely";
  EXPECT_TRUE(tests::WaitUntil([&] {
    volatile int64_t sum = 0;
    for (int i = 0; i < 100'000; ++i) sum = sum + i;
    return ThreadCpuTime() > *before;
  }));
}

}  // namespace
}  // namespace progeny::platform
