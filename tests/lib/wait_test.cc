// Waiting for the first, or for all, of several children and futures.
#include "progeny/wait.h"

#include "progeny/call.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using ::testing::ElementsAre;
using tests::IsError;
using tests::kPatience;

class WaitTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(WaitTest);

TEST_P(WaitTest, WaitAny_TellsAllThatAreReadyInTheirOrder) {
  absl::StatusOr<Process> stays = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  absl::StatusOr<Process> ended = Process::Start(Options(), fn<&tests::ExitWith>, 0);
  Future<int> answer = Async(Options(), fn<&tests::ExitWith>, 1);
  ASSERT_OK(stays);
  ASSERT_OK(ended);
  ASSERT_TRUE(answer.Wait(kPatience));
  ASSERT_OK(ended->Join(kPatience));
  EXPECT_THAT(*WaitAny({*stays, answer, *ended}, kPatience), ElementsAre(1u, 2u));
  EXPECT_THAT(*WaitAny({*ended, *stays}, absl::InfiniteDuration()), ElementsAre(0u));
}

TEST_P(WaitTest, WaitAny_PastItsTimeoutIsDeadlineExceeded) {
  absl::StatusOr<Process> stays = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(stays);
  for (absl::Duration timeout : {absl::Milliseconds(2), absl::ZeroDuration(), absl::Seconds(-1)}) {
    EXPECT_THAT(WaitAny({*stays}, timeout), IsError(absl::StatusCode::kDeadlineExceeded, ""));
  }
}

TEST_P(WaitTest, WaitAny_CountsAFailedStartAsReady) {
  absl::StatusOr<Process> stays = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(stays);
  ProcessOptions impossible = Options();
  impossible.grace = absl::Seconds(-1);
  Future<int> failed = Async(impossible, fn<&tests::ExitWith>, 1);
  EXPECT_THAT(*WaitAny({*stays, failed}), ElementsAre(1u));
}

TEST_P(WaitTest, WaitAny_TakesMoreThanWindowsWaitsForAtOnce) {
  const int count = forks() ? 70 : 12;  // 70 > 64; a spawned child costs more
  std::vector<Process> children;
  std::vector<Waitable> waitables;
  for (int i = 0; i < count; ++i) {
    ProcessOptions options = Options();
    options.out = Stdio::Null();
    absl::StatusOr<Process> child = Process::Start(options, fn<&tests::StayUntilStopped>);
    ASSERT_OK(child);
    children.push_back(*std::move(child));
  }
  for (const Process& child : children) waitables.emplace_back(child);
  const size_t last = children.size() - 1;
  ASSERT_OK(children[last].RequestStop());
  EXPECT_THAT(*WaitAny(waitables, kPatience), ElementsAre(last));
  for (Process& child : children) ASSERT_OK(child.RequestStop());
  EXPECT_OK(WaitAll(waitables, kPatience));
}

TEST_P(WaitTest, WaitAll_WaitsForTheLast) {
  absl::StatusOr<Process> stays = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  absl::StatusOr<Process> ended = Process::Start(Options(), fn<&tests::ExitWith>, 0);
  ASSERT_OK(stays);
  ASSERT_OK(ended);
  EXPECT_THAT(WaitAll({*ended, *stays}, absl::Milliseconds(5)),
              IsError(absl::StatusCode::kDeadlineExceeded, ""));
  ASSERT_OK(stays->RequestStop());
  EXPECT_OK(WaitAll({*ended, *stays}, kPatience));
}

TEST(Wait, ForNothingIsAnError) {
  EXPECT_THAT(WaitAny({}), IsError(absl::StatusCode::kInvalidArgument, "nothing"));
  EXPECT_OK(WaitAll({}));
}

TEST(Wait, ForWhatIsNoHandleIsAnError) {
  EXPECT_THAT(WaitAny({NativeHandle{999'999}}, absl::ZeroDuration()),
              IsError(absl::StatusCode::kInvalidArgument, ""));
}

}  // namespace
}  // namespace progeny
