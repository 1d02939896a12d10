// How a child ended, as a value.
#include "progeny/exit_status.h"

#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::kPatience;

class ExitStatusTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(ExitStatusTest);

TEST(ExitStatus, DefaultIsUnknownAndNothingElse) {
  const ExitStatus status;
  EXPECT_TRUE(status.unknown());
  EXPECT_FALSE(status.ok() || status.exited() || status.signalled() || status.terminated() ||
               status.crashed());
  EXPECT_EQ(status.exit_code(), 0);
  EXPECT_EQ(status.ToString(), "status unknown");
}

TEST_P(ExitStatusTest, OfAnExit_HasItsCodeAndWords) {
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::ExitWith>, 3);
  ASSERT_OK(child);
  const ExitStatus status = *child->Join(kPatience);
  EXPECT_EQ(status.ToString(), "exit code 3");
  EXPECT_EQ(status.exit_code(), 3);
  EXPECT_FALSE(status.signalled());
  EXPECT_EQ(status, *child->exit_status()) << "it is a value";
  EXPECT_NE(status, ExitStatus());
}

TEST_P(ExitStatusTest, OfACrash_IsNoExitAndNoTermination) {
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::Crash>);
  ASSERT_OK(child);
  const ExitStatus status = *child->Join(kPatience);
  EXPECT_TRUE(status.crashed()) << status.ToString();
  EXPECT_FALSE(status.exited() || status.terminated() || status.ok());
  EXPECT_EQ(status.exit_code(), 0);
}

TEST(ExitStatus, OfAStatusThatIsAboutNoProcessIsNothing) {
  EXPECT_EQ(ExitStatusOf(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(ExitStatusOf(absl::AbortedError("by hand")), std::nullopt);
  EXPECT_FALSE(RemoteErrorOf(absl::UnknownError("by hand")).has_value());
}

}  // namespace
}  // namespace progeny
