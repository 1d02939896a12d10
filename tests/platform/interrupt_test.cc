// Contract of platform/interrupt.h.
#include "platform/interrupt.h"

#include <csignal>

#include "gtest/gtest.h"
#include "platform/capabilities.h"
#include "platform/wait_set.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

bool Ready(const InterruptListener& listener, absl::Duration timeout) {
  const NativeHandle handle = listener.handle();
  return WaitForAny({&handle, 1}, Deadline::After(timeout)).ok();
}

TEST(InterruptTest, OneListenerAtATime) {
  {
    const absl::StatusOr<InterruptListener> first = InterruptListener::Begin();
    ASSERT_OK(first);
    EXPECT_THAT(InterruptListener::Begin(), tests::IsError(absl::StatusCode::kFailedPrecondition, ""));
  }
  EXPECT_OK(InterruptListener::Begin());
}

TEST(InterruptTest, ManyListeners_OneAfterTheOther_KeepNoMoreThanOneDid) {
  EXPECT_OK(InterruptListener::Begin());
  const size_t handles = tests::OpenHandles().size();
  for (int i = 0; i < 10; ++i) EXPECT_OK(InterruptListener::Begin());
  EXPECT_LE(tests::OpenHandles().size(), handles);
}

TEST(InterruptTest, WhereNothingWasTold_NothingIsTaken) {
  absl::StatusOr<InterruptListener> listener = InterruptListener::Begin();
  ASSERT_OK(listener);
  EXPECT_FALSE(Ready(*listener, absl::ZeroDuration()));
  EXPECT_FALSE(listener->Take().has_value());
}

TEST(InterruptTest, SeveralInterrupts_AreTakenTogether) {
  if (!Capabilities().fork) GTEST_SKIP() << "no console tells this process here; interrupt_guard_test has one";
  absl::StatusOr<InterruptListener> listener = InterruptListener::Begin();
  ASSERT_OK(listener);
  std::raise(SIGINT);
  std::raise(SIGINT);
  EXPECT_TRUE(Ready(*listener, tests::kPatience));
  EXPECT_EQ(listener->Take(), Told::kThisProcess);
  EXPECT_FALSE(listener->Take().has_value());
  EXPECT_FALSE(Ready(*listener, absl::ZeroDuration()));
}

TEST(InterruptTest, AfterTheEnd_WhatWasToldCanStillBeTaken) {
  if (!Capabilities().fork) GTEST_SKIP() << "no console tells this process here; interrupt_guard_test has one";
  absl::StatusOr<InterruptListener> listener = InterruptListener::Begin();
  ASSERT_OK(listener);
  std::raise(SIGINT);
  listener->End();
  EXPECT_TRUE(listener->Take().has_value());
  EXPECT_OK(InterruptListener::Begin()) << "the next one may begin";
}

volatile std::sig_atomic_t handled = 0;

TEST(InterruptTest, WhatWasThereBefore_IsPutBack) {
  if (!Capabilities().fork) GTEST_SKIP() << "no console tells this process here; interrupt_guard_test has one";
  const auto before = std::signal(SIGINT, [](int) { handled = 1; });
  {
    const absl::StatusOr<InterruptListener> listener = InterruptListener::Begin();
    ASSERT_OK(listener);
    std::raise(SIGINT);
    EXPECT_EQ(handled, 0);
  }
  std::raise(SIGINT);
  EXPECT_EQ(handled, 1);
  std::signal(SIGINT, before);
}

}  // namespace
}  // namespace progeny::platform
