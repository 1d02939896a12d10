// progeny::gtest_main: the guard is in its main, so a test may start children by spawn.
#include <gtest/gtest.h>

#include "progeny/progeny.h"

namespace {

int Seven() { return 7; }

TEST(Consumer, Start_ByEachMethod_GivesTheExitCode) {
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    progeny::ProcessOptions options;
    options.start_method = method;
    absl::StatusOr<progeny::Process> child = progeny::Process::Start(options, progeny::fn<&Seven>);
    ASSERT_TRUE(child.ok()) << child.status();
    absl::StatusOr<progeny::ExitStatus> status = child->Join();
    ASSERT_TRUE(status.ok()) << status.status();
    EXPECT_EQ(status->exit_code(), 7) << progeny::Name(method);
  }
}

}  // namespace
