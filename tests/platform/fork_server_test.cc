// A fork server that is a copy of its client. Servers of an image are tested through
// StartMethod::kForkServer, as they need a program with a guard.
#include "platform/fork_server.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/capabilities.h"
#include "progeny/log.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

using tests::IsError;
using tests::kPatience;

constexpr size_t kSlotBytes = 4096;

int state = 0;

// In the copy, and in its children: each ends with what it is told to, plus what it was a copy of.
int Serve(ForkService& service) {
  absl::StatusOr<HandOver> taken = service.Serve(kSlotBytes);
  if (!taken.ok()) return 1;
  const auto told = taken->payload.span();
  EndServedChild(told.empty() ? 2 : static_cast<int>(told[0]) + state);
}

class ForkServerCopyTest : public tests::LeakFreeTest {
 protected:
  void SetUp() override {
    if (!Capabilities().fork) GTEST_SKIP() << "this system has no fork";
    LeakFreeTest::SetUp();
    slot_ = *SharedRegion::Create(kSlotBytes);
  }
  void TearDown() override {
    slot_ = SharedRegion();
    LeakFreeTest::TearDown();
  }
  absl::StatusOr<ForkServer> Copy() {
    ForkRequest copy;
    copy.slot = &slot_;
    return ForkServer::Copy(copy, &Serve);
  }
  // How a child ends that is told `number`.
  static absl::StatusOr<uint32_t> End(ForkServer& server, uint8_t number) {
    const absl::StatusOr<SharedRegion> slot = SharedRegion::Create(kSlotBytes);
    if (!slot.ok()) return slot.status();
    const std::byte payload{number};
    ImageRequest request;
    request.payload = {&payload, 1};
    request.slot = &*slot;
    absl::StatusOr<ChildHandle> child = server.Fork(request);
    if (!child.ok()) return child.status();
    const absl::StatusOr<ExitInfo> end = child->Wait(Deadline::After(kPatience));
    if (!end.ok()) return end.status();
    return end->kind == ExitInfo::Kind::kExited ? end->code : 999;
  }

 private:
  SharedRegion slot_;
};

TEST_F(ForkServerCopyTest, Children_AreCopiesOfTheCopy) {
  state = 10;
  absl::StatusOr<ForkServer> server = Copy();
  ASSERT_OK(server);
  state = 20;
  EXPECT_OK(server->AwaitReady(Deadline::After(kPatience)));
  for (uint8_t number = 0; number < 20; ++number) EXPECT_EQ(*End(*server, number), number + 10u);
  server->End();
}

TEST_F(ForkServerCopyTest, Ended_IsUnavailable) {
  absl::StatusOr<ForkServer> server = Copy();
  ASSERT_OK(server);
  EXPECT_TRUE(server->Usable());
  ASSERT_OK(server->process().Kill());
  EXPECT_THAT(End(*server, 0), IsError(absl::StatusCode::kUnavailable, "gone"));
  EXPECT_FALSE(server->Usable());
}

TEST_F(ForkServerCopyTest, NeverAsked_EndsWhenItIsTold) {
  absl::StatusOr<ForkServer> server = Copy();
  ASSERT_OK(server);
  server->End();
  EXPECT_TRUE(server->process().ReapIfEnded().has_value());
}

}  // namespace
}  // namespace progeny::platform
