// Contracts of platform/stop_word.h and platform/crash_report.h, which take a launched child.
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "platform/crash_report.h"
#include "platform/seam_program.h"
#include "platform/stop_word.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

using tests::LaunchRole;
using tests::StopWordIn;

Deadline Patience() { return Deadline::After(tests::kPatience); }

class SlotTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<SharedRegion> slot = SharedRegion::Create(tests::kSlotBytes);
    ASSERT_OK(slot);
    slot_ = *std::move(slot);
  }
  SharedRegion slot_;
};

class StopWordTest : public SlotTest {};
class CrashReportTest : public SlotTest {
 protected:
  std::optional<CrashFacts> Read() const {
    return ReadCrashRecord(slot_.head() + tests::kCrashRecordOffset,
                           [this](size_t size) { return slot_.ReadTail(size); });
  }
};

TEST_F(StopWordTest, AWordThatNobodySets_IsWaitedForUntilTheDeadline) {
  const std::atomic<uint32_t> never{0};
  EXPECT_FALSE(AwaitStopWord(never, Deadline::After(absl::ZeroDuration())));
  EXPECT_FALSE(AwaitStopWord(never, Deadline::After(absl::Milliseconds(30))));
}

TEST_F(StopWordTest, AWordThatIsSet_IsNotWaitedFor) {
  const std::atomic<uint32_t> set{1};
  EXPECT_TRUE(AwaitStopWord(set, Deadline::After(absl::ZeroDuration())));
  EXPECT_TRUE(AwaitStopWord(set, Deadline::Infinite()));
}

TEST_F(StopWordTest, AChildThatWaits_IsWoken) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kAwaitStop, slot_);
  ASSERT_OK(child);
  ASSERT_TRUE(tests::WaitUntil([&] { return tests::ReportIn(slot_).ready != 0; }));
  EXPECT_FALSE(child->ReapIfEnded().has_value());
  StopWordIn(slot_).store(1, std::memory_order_release);
  child->WakeForStop(StopWordIn(slot_));
  const absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  EXPECT_EQ(end->code, 5U);
}

TEST_F(StopWordTest, ARequestBeforeTheChildWaits_IsNotLost) {
  StopWordIn(slot_).store(1, std::memory_order_release);
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kAwaitStop, slot_);
  ASSERT_OK(child);
  child->WakeForStop(StopWordIn(slot_));
  const absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  EXPECT_EQ(end->code, 5U);
}

TEST_F(CrashReportTest, AnUntouchedRecord_TellsNothing) { EXPECT_FALSE(Read().has_value()); }

TEST_F(CrashReportTest, AFault_IsToldWithItsAddressAndItsCallers) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kCrash, slot_);
  ASSERT_OK(child);
  const absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  const std::optional<CrashFacts> facts = Read();
  if (!facts && end->kind == ExitInfo::Kind::kExited) {
    GTEST_SKIP() << "a sanitizer in the child keeps its faults for itself";
  }
  ASSERT_TRUE(facts.has_value());
  EXPECT_FALSE(facts->what.empty());
  EXPECT_EQ(facts->address, tests::kBadAddress);
  EXPECT_FALSE(facts->stack_overflow);
  EXPECT_FALSE(facts->stack.empty());
}

// Another process's words: whatever lies there, the reader neither crashes nor allocates what it says.
TEST_F(CrashReportTest, AGarbledRecord_IsReadWithoutHarm) {
  for (int byte : {0x01, 0x7f, 0x80, 0xff}) {
    std::memset(slot_.head() + tests::kCrashRecordOffset, byte, kCrashRecordBytes);
    const std::optional<CrashFacts> facts = Read();
    EXPECT_TRUE(!facts || facts->stack.size() <= kCrashRecordBytes);
  }
}

}  // namespace
}  // namespace progeny::platform
