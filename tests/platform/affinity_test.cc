// One source for every system: which CPUs this process may run on.
#include "platform/affinity.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/capabilities.h"
#include "platform/host.h"
#include "support/status.h"

namespace progeny::platform {
namespace {

using ::testing::ElementsAre;
using tests::IsError;

class AffinityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Capabilities().affinity) {
      EXPECT_TRUE(absl::IsUnimplemented(RunOnlyOn(0)));
      GTEST_SKIP() << RunOnlyOn(0).message();
    }
  }
};

TEST_F(AffinityTest, AllowedCpus_AreAscending_AndAsManyAsUsableCpusAtLeast) {
  const absl::StatusOr<std::vector<int>> cpus = AllowedCpus();
  ASSERT_OK(cpus);
  ASSERT_FALSE(cpus->empty());
  EXPECT_TRUE(std::is_sorted(cpus->begin(), cpus->end()));
  EXPECT_EQ(std::adjacent_find(cpus->begin(), cpus->end()), cpus->end());
  EXPECT_GE(cpus->front(), 0);
  EXPECT_LE(UsableCpus(), static_cast<int>(cpus->size()));  // a quota makes them fewer
}

TEST_F(AffinityTest, RunOnlyOn_ACpuThatIsNotThere_IsRefused_AndChangesNothing) {
  const absl::StatusOr<std::vector<int>> before = AllowedCpus();
  ASSERT_OK(before);
  for (const int cpu : {-1, before->back() + 1000, 1 << 30}) {
    EXPECT_THAT(RunOnlyOn(cpu), IsError(absl::StatusCode::kInvalidArgument, "CPU")) << cpu;
  }
  EXPECT_EQ(*AllowedCpus(), *before);
}

// The last one: where a binary is one process, nothing undoes it.
TEST_F(AffinityTest, RunOnlyOn_ConfinesThisThreadAndThoseThatItStarts) {
  const absl::StatusOr<std::vector<int>> before = AllowedCpus();
  ASSERT_OK(before);
  const int cpu = before->back();
  ASSERT_OK(RunOnlyOn(cpu));
  EXPECT_THAT(*AllowedCpus(), ElementsAre(cpu));
  EXPECT_EQ(UsableCpus(), 1);
  std::vector<int> in_a_thread;
  std::thread([&] { in_a_thread = *AllowedCpus(); }).join();
  EXPECT_THAT(in_a_thread, ElementsAre(cpu));
}

}  // namespace
}  // namespace progeny::platform
