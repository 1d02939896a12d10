// Contract of platform/fork_child.h: works, or says why not, by Capabilities().
#include "platform/fork_child.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "platform/capabilities.h"
#include "support/status.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

Deadline Patience() { return Deadline::After(tests::kPatience); }

class ForkChildTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<SharedRegion> slot = SharedRegion::Create(4096);
    ASSERT_OK(slot);
    slot_ = *std::move(slot);
    request_.slot = &slot_;
    if (!Capabilities().fork) {
      EXPECT_THAT(ForkChild(request_, [] { return 0; }),
                  tests::IsError(absl::StatusCode::kUnimplemented, ""));
      GTEST_SKIP() << "this system has no fork";
    }
  }

  SharedRegion slot_;
  ForkRequest request_;
};

TEST_F(ForkChildTest, Body_RunsInTheChild_AndItsResultIsTheExitCode) {
  int changed = 1;
  absl::StatusOr<ChildHandle> child = ForkChild(request_, [&] { return ++changed + 40; });
  ASSERT_OK(child);
  absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  EXPECT_EQ(Describe(*end), "exit code 42");
  EXPECT_EQ(changed, 1);
}

TEST_F(ForkChildTest, WorkingDirectory_ThatIsNone_IsAnError) {
  request_.setup.working_directory = "no such folder anywhere";
  EXPECT_THAT(ForkChild(request_, [] { return 0; }), tests::IsError(absl::StatusCode::kNotFound, "directory"));
}

TEST_F(ForkChildTest, Limits_AboveTheHardLimit_AreAnErrorBeforeAnyChild) {
  request_.limits.cpu_seconds = -1;
  EXPECT_THAT(ForkChild(request_, [] { return 0; }),
              tests::IsError(absl::StatusCode::kInvalidArgument, "cpu_seconds"));
}

TEST_F(ForkChildTest, OtherThreads_AreTold) {
  std::thread([] {}).join();  // a sanitizer starts a thread of its own beside the first of ours
  const size_t before = OtherThreads().size();
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop.load()) std::this_thread::yield();
  });
  EXPECT_TRUE(tests::WaitUntil([&] { return OtherThreads().size() == before + 1; }));
  stop = true;
  other.join();
}

}  // namespace
}  // namespace progeny::platform
