// Contract of platform/wait_set.h.
#include "platform/wait_set.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

using WaitSetTest = tests::LeakFreeTest;
using testing::ElementsAre;

std::vector<Wakeup> Wakeups(size_t count) {
  std::vector<Wakeup> wakeups;
  for (size_t i = 0; i < count; ++i) {
    absl::StatusOr<Wakeup> wakeup = Wakeup::Create();
    EXPECT_OK(wakeup);
    if (wakeup.ok()) wakeups.push_back(*std::move(wakeup));
  }
  return wakeups;
}

std::vector<NativeHandle> HandlesOf(const std::vector<Wakeup>& wakeups) {
  std::vector<NativeHandle> handles;
  for (const Wakeup& wakeup : wakeups) handles.push_back(wakeup.handle());
  return handles;
}

TEST_F(WaitSetTest, NothingReady_IsDeadlineExceeded) {
  const std::vector<Wakeup> wakeups = Wakeups(2);
  EXPECT_THAT(WaitForAny(HandlesOf(wakeups), Deadline::After(absl::Milliseconds(5))),
              tests::IsError(absl::StatusCode::kDeadlineExceeded, ""));
}

TEST_F(WaitSetTest, AllThatAreReady_AreTold_InOrder_UntilCleared) {
  std::vector<Wakeup> wakeups = Wakeups(4);
  wakeups[3].Set();
  wakeups[1].Set();
  wakeups[1].Set();
  const auto ready = WaitForAny(HandlesOf(wakeups), Deadline::After(tests::kPatience));
  ASSERT_OK(ready);
  EXPECT_THAT(*ready, ElementsAre(1, 3));
  wakeups[1].Clear();
  const auto left = WaitForAny(HandlesOf(wakeups), Deadline::After(tests::kPatience));
  ASSERT_OK(left);
  EXPECT_THAT(*left, ElementsAre(3));
}

// More than MAXIMUM_WAIT_OBJECTS.
TEST_F(WaitSetTest, TwoHundredHandles_WithTheLastOneReady) {
  std::vector<Wakeup> wakeups = Wakeups(200);
  std::thread setter([&] { wakeups.back().Set(); });
  const auto ready = WaitForAny(HandlesOf(wakeups), Deadline::After(tests::kPatience));
  setter.join();
  ASSERT_OK(ready);
  EXPECT_THAT(*ready, ElementsAre(199));
}

TEST_F(WaitSetTest, AHandleThatIsNone_IsInvalidArgument) {
  const NativeHandle none = 0x7ffff0;
  EXPECT_THAT(WaitForAny({&none, 1}, Deadline::After(tests::kPatience)),
              tests::IsError(absl::StatusCode::kInvalidArgument, ""));
}

}  // namespace
}  // namespace progeny::platform
