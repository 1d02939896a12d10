// A library in a program whose main is foreign: its children run in a program it names.
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;

class PluginTest : public tests::LeakFreeTest {};

TEST_F(PluginTest, OfAForeignHost_StartsChildrenThroughExecutable) {
  const tests::ProgramRun run = tests::RunProgram(
      {PROGENY_CHILD_PLUGIN_HOST, PROGENY_CHILD_PLUGIN, PROGENY_CHILD_PLUGIN_WORKER});
  EXPECT_TRUE(run.finished);
  EXPECT_THAT(run.output, HasSubstr("plugin says 49"));
}

TEST_F(PluginTest, WorkerThatDoesNotLinkThePlugin_LoadsItByItsPath) {
  const tests::ProgramRun run = tests::RunProgram(
      {PROGENY_CHILD_PLUGIN_HOST, PROGENY_CHILD_PLUGIN, PROGENY_CHILD_BARE_WORKER});
  EXPECT_TRUE(run.finished);
  EXPECT_THAT(run.output, HasSubstr("plugin says 49"));
}

TEST_F(PluginTest, WithoutExecutable_IsToldThatTheHostHasNoGuard) {
  const tests::ProgramRun run =
      tests::RunProgram({PROGENY_CHILD_PLUGIN_HOST, PROGENY_CHILD_PLUGIN, ""});
  EXPECT_TRUE(run.finished);
  EXPECT_THAT(run.output, HasSubstr("plugin says -1"));
  EXPECT_THAT(run.output, HasSubstr("FAILED_PRECONDITION"));
  EXPECT_THAT(run.output, HasSubstr("ProcessOptions::executable"));
}

}  // namespace
}  // namespace progeny
