// Bringing children to their end: asked, interrupted, terminated, killed; alone and with their family.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::WaitUntil;

class StopTest : public tests::EveryMethod {
 protected:
  absl::StatusOr<Process> StartReady(ProcessOptions options, int (*entry)()) {
    options.start_method = GetParam();
    options.out = Stdio::Pipe();
    absl::StatusOr<Process> child = entry == &tests::StayUntilStopped
                                        ? Process::Start(options, fn<&tests::StayUntilStopped>)
                                        : Process::Start(options, fn<&Deaf>);
    if (child.ok()) {
      EXPECT_EQ(tests::ReadLine(child->out()), "ready");
    }
    return child;
  }

  // Hears nothing but Kill.
  static int Deaf() {
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
    return tests::StayUntilEnded();
  }
};
PROGENY_FOR_EVERY_METHOD(StopTest);

// --- StopToken ---------------------------------------------------------------------------------------

int WaitForStop() {
  const StopToken stop = this_process::stop_token();
  if (stop.stop_requested() || stop.Wait(absl::ZeroDuration())) return tests::kWrongValue;
  tests::Say("ready");
  return stop.Wait(2 * kPatience) && stop.stop_requested() ? tests::kDone : tests::kNobodyStoppedMe;
}

TEST_P(StopTest, AStopToken_IsWokenByTheRequest) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&WaitForStop>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  ASSERT_OK(child->RequestStop());
  EXPECT_EQ(child->Join(kPatience)->exit_code(), tests::kDone);
}

int WaitForStopInManyThreads() {
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { woken += this_process::stop_token().Wait(2 * kPatience) ? 1 : 0; });
  }
  tests::Say("ready");
  for (std::thread& thread : threads) thread.join();
  return woken == 8 ? tests::kDone : tests::kWrongValue;
}

TEST_P(StopTest, AStopToken_WakesEveryThreadThatWaits) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&WaitForStopInManyThreads>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  ASSERT_OK(child->RequestStop());
  EXPECT_EQ(child->Join(kPatience)->exit_code(), tests::kDone);
}

int WaitTooShort() {
  return this_process::stop_token().Wait(absl::Milliseconds(5)) ? tests::kWrongValue : tests::kDone;
}

TEST_P(StopTest, AStopToken_LetsGoPastItsTimeout) {
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&WaitTooShort>);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), tests::kDone);
}

TEST(Stop, AStopTokenOfTheMainProcess_IsNeverAsked) {
  const StopToken stop = this_process::stop_token();
  EXPECT_FALSE(stop.stop_requested());
  EXPECT_FALSE(stop.Wait(absl::Milliseconds(1)));
}

// --- the ladder --------------------------------------------------------------------------------------

TEST_P(StopTest, Stop_OfAChildThatListens_NeedsOnlyTheRequest) {
  absl::StatusOr<Process> child =
      StartReady({.stop = {.request = kPatience}}, &tests::StayUntilStopped);
  ASSERT_OK(child);
  const absl::StatusOr<ExitStatus> end = child->Stop();
  ASSERT_OK(end);
  EXPECT_EQ(end->exit_code(), tests::kDone);
  EXPECT_EQ(*child->Join(), *end);
}

TEST_P(StopTest, Stop_OfADeafChild_GoesUpToKill) {
  const absl::Duration moment = absl::Milliseconds(20);
  absl::StatusOr<Process> child = StartReady(
      {.grace = moment, .stop = {.request = moment, .interrupt = moment}}, &Deaf);
  ASSERT_OK(child);
  const absl::StatusOr<ExitStatus> end = child->Stop();
  ASSERT_OK(end);
  EXPECT_TRUE(end->terminated());
  if (end->signalled()) {
    EXPECT_EQ(end->ToString(), "killed by SIGKILL");
  }
}

TEST_P(StopTest, Stop_PastItsTimeout_SkipsTheStepsThatAreLeft) {
  absl::StatusOr<Process> child =
      StartReady({.stop = {.request = absl::InfiniteDuration()}}, &Deaf);
  ASSERT_OK(child);
  const absl::StatusOr<ExitStatus> end = child->Stop(absl::Milliseconds(20));
  ASSERT_OK(end);
  EXPECT_TRUE(end->terminated());
}

TEST_P(StopTest, Stop_OfAnEndedChild_IsItsStatus) {
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::ExitWith>, 5);
  ASSERT_OK(child);
  ASSERT_OK(child->Join(kPatience));
  EXPECT_EQ(child->Stop()->exit_code(), 5);
}

int InterruptedOrNot() {
  std::signal(SIGTERM, SIG_IGN);
  static std::atomic<bool> interrupted{false};
  std::signal(SIGINT, [](int) { interrupted = true; });
  tests::Say("ready");
  return WaitUntil([] { return interrupted.load(); }, 2 * kPatience) ? tests::kDone
                                                                     : tests::kNobodyEndedMe;
}

TEST_P(StopTest, Stop_InterruptsIfTheLadderSaysSo) {
  ProcessOptions options = Talking();
  options.stop.interrupt = kPatience;
  absl::StatusOr<Process> child = Process::Start(options, fn<&InterruptedOrNot>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  EXPECT_EQ(child->Stop()->exit_code(), tests::kDone);
}

TEST_P(StopTest, TheEndOfADaemonsHandle_GoesUpTheLadder) {
  int64_t id = 0;
  {
    absl::StatusOr<Process> child =
        StartReady({.daemon = true, .grace = absl::Milliseconds(10)}, &Deaf);
    ASSERT_OK(child);
    id = child->id();
  }
  EXPECT_FALSE(tests::IsRunning(id));
}

TEST_P(StopTest, ALadderWithNegativeTimes_IsRefusedByName) {
  ProcessOptions options = Options();
  options.stop.interrupt = absl::Seconds(-1);
  EXPECT_THAT(Process::Start(options, fn<&tests::ExitWith>, 0),
              IsError(absl::StatusCode::kInvalidArgument, "stop.interrupt"));
  options.stop = {.request = absl::Nanoseconds(-1)};
  EXPECT_THAT(Process::Start(options, fn<&tests::ExitWith>, 0),
              IsError(absl::StatusCode::kInvalidArgument, "stop.request"));
  options.stop = {.terminate = -absl::InfiniteDuration()};
  EXPECT_THAT(Process::Start(options, fn<&tests::ExitWith>, 0),
              IsError(absl::StatusCode::kInvalidArgument, "stop.terminate"));
}

// --- the whole family --------------------------------------------------------------------------------

// Detached on POSIX: bound to nobody's life, so that only KillTree can have ended it.
int Trunk(StartMethod method, int depth) {
  std::signal(SIGTERM, SIG_IGN);
  if (depth == 0) {
    tests::Say(absl::StrCat(this_process::id()));
    return tests::StayUntilEnded();
  }
  absl::StatusOr<Process> child = Process::Start({.start_method = method, .out = Stdio::Pipe()},
                                                 fn<&Trunk>, method, depth - 1);
  if (!child.ok()) return tests::kStartFailed;
  if (tests::HasFork()) child->Detach();
  tests::Say(tests::ReadLine(child->out()));
  return tests::StayUntilEnded();
}

TEST_P(StopTest, KillTree_EndsGrandchildrenThatNothingElseWould) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&Trunk>, GetParam(), 3);
  ASSERT_OK(child);
  int64_t lowest = 0;
  ASSERT_TRUE(absl::SimpleAtoi(tests::ReadLine(child->out()), &lowest));
  EXPECT_TRUE(tests::IsRunning(lowest));
  ASSERT_OK(child->KillTree());
  EXPECT_TRUE(child->Join(kPatience)->terminated());
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(lowest); }));
}

TEST_P(StopTest, KillTree_OfAnEndedChild_IsNoError) {
  absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::ExitWith>, 0);
  ASSERT_OK(child);
  ASSERT_OK(child->Join(kPatience));
  EXPECT_OK(child->KillTree());
}

}  // namespace
}  // namespace progeny
