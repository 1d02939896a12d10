// Contract of platform/handle_courier.h. That it works between processes is what pools with Cows show.
#include "platform/handle_courier.h"

#include <cstring>
#include <utility>

#include "gtest/gtest.h"
#include "platform/shared_region.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny::platform {
namespace {

class HandleCourierTest : public tests::LeakFreeTest {};

TEST_F(HandleCourierTest, WhatWasSent_ComesInItsOrder_ThoughTheSenderHasClosedIt) {
  absl::StatusOr<HandleCourier> sender = HandleCourier::Create();
  ASSERT_OK(sender);
  if (sender->far_end() == kNoHandle) GTEST_SKIP() << "here a handle goes to a process, not through an end";
  absl::StatusOr<Handle> end = DuplicateNativeHandle(sender->far_end());
  ASSERT_OK(end);
  sender->CloseFarEnd();
  HandleCourier receiver = HandleCourier::Open(*std::move(end));
  std::vector<uint64_t> told;
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
    ASSERT_OK(region);
    std::memcpy(region->head(), &i, sizeof i);
    const absl::StatusOr<uint64_t> sent = sender->Send(region->handle(), kNoHandle);
    ASSERT_OK(sent);
    told.push_back(*sent);
  }
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<Handle> handle = receiver.Receive(told[static_cast<size_t>(i)]);
    ASSERT_OK(handle);
    absl::StatusOr<SharedRegion> region = SharedRegion::Open(*std::move(handle), 4096);
    ASSERT_OK(region);
    int number = -1;
    std::memcpy(&number, region->head(), sizeof number);
    EXPECT_EQ(number, i);
  }
}

TEST_F(HandleCourierTest, Send_ToWhoIsGone_OrDoesntReceive_IsUnavailable) {
  absl::StatusOr<HandleCourier> sender = HandleCourier::Create();
  ASSERT_OK(sender);
  if (sender->far_end() == kNoHandle) GTEST_SKIP() << "here a handle goes to a process, not through an end";
  absl::StatusOr<SharedRegion> region = SharedRegion::Create(4096);
  ASSERT_OK(region);
  absl::StatusOr<uint64_t> sent = 0;
  for (int i = 0; i < 100000 && sent.ok(); ++i) sent = sender->Send(region->handle(), kNoHandle);
  EXPECT_THAT(sent, tests::IsError(absl::StatusCode::kUnavailable, "too many"));
  sender->CloseFarEnd();
  EXPECT_THAT(sender->Send(region->handle(), kNoHandle),
              tests::IsError(absl::StatusCode::kUnavailable, "gone"));
}

}  // namespace
}  // namespace progeny::platform
