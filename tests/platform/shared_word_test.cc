// Contract of platform/shared_word.h. That it works between processes is what pools show.
#include "platform/shared_word.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"
#include "platform/shared_region.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

class SharedWordTest : public tests::LeakFreeTest {
 protected:
  void SetUp() override {
    LeakFreeTest::SetUp();
    absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
    ASSERT_OK(region);
    region_ = *std::move(region);
    storage_ = reinterpret_cast<SharedWordStorage*>(region_.head());
    absl::StatusOr<SharedWord> word = SharedWord::Create(storage_);
    ASSERT_OK(word);
    word_ = *std::move(word);
  }
  void TearDown() override {
    word_ = SharedWord();
    region_ = SharedRegion();
    LeakFreeTest::TearDown();
  }
  // As another process would get it.
  SharedWord SecondView() {
    Handle handle;
    if (word_.handle() != kNoHandle) handle = *DuplicateNativeHandle(word_.handle());
    return SharedWord::Open(storage_, std::move(handle));
  }

  SharedRegion region_;
  SharedWordStorage* storage_ = nullptr;
  SharedWord word_;
};

TEST_F(SharedWordTest, Sleep_EndsAtItsDeadline) {
  for (int i = 0; i < 3; ++i) {
    const Deadline deadline = Deadline::After(absl::Milliseconds(5));
    while (!deadline.passed()) word_.Sleep(word_.Announce(), deadline);
    word_.Withdraw();
  }
}

TEST_F(SharedWordTest, Wake_AfterAnnounce_IsNotLost_ThoughSleepComesLater) {
  SharedWord other = SecondView();
  const uint32_t ticket = word_.Announce();
  other.Wake();
  word_.Sleep(ticket, Deadline::Infinite());  // or this test would never end
  word_.Withdraw();
}

TEST_F(SharedWordTest, WhoWaitsForOneThing_IsNotWokenByAnother) {
  SharedWord other = SecondView();
  const uint32_t ticket = word_.Announce(2);
  EXPECT_FALSE(other.Sleeps(1));
  EXPECT_TRUE(other.Sleeps(2));
  EXPECT_TRUE(other.Sleeps());
  other.Wake(1 | 4);
  const Deadline deadline = Deadline::After(absl::Milliseconds(20));
  while (!deadline.passed()) word_.Sleep(ticket, deadline);  // it may return for no reason
  EXPECT_EQ(storage_->ticket.load(), ticket) << "woken";
  other.Wake(2 | 4);
  word_.Sleep(ticket, Deadline::Infinite());
  word_.Withdraw();
  EXPECT_FALSE(other.Sleeps());
}

TEST_F(SharedWordTest, TwoThreads_HandOverTwentyThousandTimes) {
  constexpr int kTurns = 20000;
  SharedWord there = SecondView();
  absl::StatusOr<SharedRegion> second = SharedRegion::Create(4096);
  ASSERT_OK(second);
  absl::StatusOr<SharedWord> back =
      SharedWord::Create(reinterpret_cast<SharedWordStorage*>(second->head()));
  ASSERT_OK(back);
  std::atomic<int> turn{0};
  const auto await = [&](SharedWord& word, int wanted) {
    while (turn.load() < wanted) {
      const uint32_t ticket = word.Announce();
      if (turn.load() < wanted) word.Sleep(ticket, Deadline::After(tests::kPatience));
      word.Withdraw();
      word.NoteCpu();
    }
  };
  std::thread other([&] {
    for (int i = 1; i < kTurns; i += 2) {
      await(*back, i);
      turn.store(i + 1);
      there.Wake();
    }
  });
  for (int i = 0; i < kTurns; i += 2) {
    await(word_, i);
    turn.store(i + 1);
    back->Wake();
  }
  await(word_, kTurns);
  other.join();
  EXPECT_EQ(turn.load(), kTurns);
}

TEST_F(SharedWordTest, WhereASleeperRan_IsNotKnown_BeforeItSaysSo_NorAfterReset) {
  SharedWord other = SecondView();
  EXPECT_FALSE(other.PeerRunsElsewhere());
  word_.NoteCpu();
  word_.Reset();
  EXPECT_FALSE(other.PeerRunsElsewhere());
}

}  // namespace
}  // namespace progeny::platform
