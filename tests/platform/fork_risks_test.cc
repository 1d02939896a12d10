// Contract of platform/fork_risks.h.
#include "platform/fork_risks.h"

#include <algorithm>
#include <cstdio>
#include <future>
#include <iostream>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/capabilities.h"
#include "platform/fork_child.h"
#include "platform/handle.h"
#include "platform/pipe.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny::platform {
namespace {

using testing::Contains;
using testing::Not;

class ForkRisksTest : public tests::LeakFreeTest {
 protected:
  void SetUp() override {
    LeakFreeTest::SetUp();
    if (!Capabilities().fork) GTEST_SKIP() << "this system has no fork; see EverythingIsEmptyWithoutFork";
  }
};

TEST(ForkRisksElsewhereTest, EverythingIsEmptyWithoutFork) {
  if (Capabilities().fork) GTEST_SKIP() << "this system has fork";
  EXPECT_FALSE(HasOtherThreads());
  EXPECT_TRUE(LoadedLibraries().empty());
  EXPECT_TRUE(UnflushedStreams().empty());
  EXPECT_TRUE(DescriptorsKeptOverExec().empty());
  EXPECT_FALSE(MemoryBeforeFork().resident.has_value());
}

TEST_F(ForkRisksTest, AThreadThatRuns_IsSeen) {
  std::promise<void> end;
  std::thread other([done = end.get_future()]() mutable { done.wait(); });
  EXPECT_TRUE(HasOtherThreads());
  EXPECT_FALSE(OtherThreads().empty());
  end.set_value();
  other.join();
}

TEST_F(ForkRisksTest, Libraries_HaveNames) {
  const std::vector<std::string> libraries = LoadedLibraries();
  EXPECT_FALSE(libraries.empty());
  EXPECT_THAT(libraries, Not(Contains("")));
}

TEST_F(ForkRisksTest, WhatWasPrintedAndNotFlushed_IsNamed_UntilItIs) {
  std::fflush(stdout);
  EXPECT_THAT(UnflushedStreams(), Not(Contains("stdout")));
  std::fputs(" ", stdout);
  EXPECT_THAT(UnflushedStreams(), Contains("stdout"));
  std::fflush(stdout);
  EXPECT_THAT(UnflushedStreams(), Not(Contains("stdout")));
}

TEST_F(ForkRisksTest, ADescriptorThatExecCloses_IsNoRisk) {
  const absl::StatusOr<Handle> null = OpenNullDevice();
  ASSERT_OK(null);
  for (const OpenDescriptor& kept : DescriptorsKeptOverExec()) {
    EXPECT_GT(kept.number, 2);
    EXPECT_NE(kept.number, static_cast<int>(null->get())) << kept.what;
  }
}

TEST_F(ForkRisksTest, MemoryThatIsTouched_IsCounted) {
  constexpr int64_t kBytes = 64 << 20;
  const ForkedMemory before = MemoryBeforeFork();
  ASSERT_TRUE(before.resident.has_value());
  const std::vector<char> touched(kBytes, 1);
  const ForkedMemory after = MemoryBeforeFork();
  EXPECT_EQ(touched[kBytes / 2], 1);
  EXPECT_GE(*after.resident, *before.resident + kBytes / 2);
  if (before.copied_tables_for && after.copied_tables_for) {
    EXPECT_GE(*after.copied_tables_for, *before.copied_tables_for + kBytes / 2);
  }
}

}  // namespace
}  // namespace progeny::platform
