// Each system call of starting a child, handing over, talking to it and waiting for it fails once,
// with each error that matters: the answer is a status or the promised result; nothing leaks, hangs
// or crashes, and the next start works.
#include <cstdio>
#include <map>

#include "absl/strings/str_cat.h"
#include "linux/fault_injector.h"
#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::FaultInjector;
using tests::FaultPlan;
using tests::kPatience;

enum Verdict { kHeld = 0, kNotReached = 40, kNoSuchVariant = 41, kCantInject = 42, kBroken = 43 };

constexpr int kMostCalls = 1000;
constexpr char kWrongAnswer[] = "a wrong answer";

int SayHello(int code) {
  tests::Say("hello");
  return code;
}

std::string Answered(const std::string& question) { return question + "!"; }

absl::Status TalkTo(const ProcessOptions& options) {
  absl::StatusOr<Process> child = Process::Start(options, fn<&SayHello>, 7);
  if (!child.ok()) return child.status();
  (void)child->out()->ReadAll(kPatience);
  (void)child->failure();
  const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
  if (!end.ok()) return end.status();
  return end->exited() && end->exit_code() == 7 ? absl::OkStatus()
                                                : absl::AbortedError(end->ToString());
}

// What is asked of progeny while a call fails.
absl::Status Exercise(StartMethod method) {
  ProcessOptions options{.start_method = method, .out = Stdio::Pipe()};
  options.working_directory = "/";
  const absl::Status talk = TalkTo(options);
  const absl::StatusOr<std::string> answer = Call({.start_method = method}, fn<&Answered>, "who");
  if (!answer.ok()) return answer.status();
  return *answer == "who!" ? talk : absl::DataLossError(kWrongAnswer);
}

// What is wrong after the call has failed; empty if nothing is.
std::string Aftermath(StartMethod method) {
  const size_t servers = method == StartMethod::kForkServer ? 1 : 0;
  if (!tests::WaitUntil([&] { return tests::ChildrenOfThisProcess().size() <= servers; }))
    return "a child stays";
  // What a first start makes for good is there after one that works.
  if (absl::Status next = Exercise(method); !next.ok()) {
    return absl::StrCat("the next start fails: ", next.ToString());
  }
  const size_t handles = tests::OpenHandles().size();
  if (absl::Status next = Exercise(method); !next.ok()) {
    return absl::StrCat("the start after the next fails: ", next.ToString());
  }
  return tests::OpenHandles().size() == handles ? "" : "each start takes descriptors";
}

// In a process of its own, which a filter changes for good.
int Attempt(StartMethod method, FaultPlan plan) {
  auto& injector = *new FaultInjector(plan);
  if (!injector.Install()) return kCantInject;
  injector.Arm();
  const absl::Status status = Exercise(method);
  injector.Disarm();
  if (!injector.reached()) return status.ok() ? kNotReached : kBroken;
  if (injector.fault().empty()) return kNoSuchVariant;
  const bool wrong =
      status.code() == absl::StatusCode::kDataLoss && status.message() == kWrongAnswer;
  const std::string problem = wrong ? kWrongAnswer : Aftermath(method);
  if (problem.empty()) return kHeld;
  std::fprintf(stderr, "%s\n  after %s\n  which gave %s\n", problem.c_str(),
               injector.fault().c_str(), status.ToString().c_str());
  return kBroken;
}

class SystemCallTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(SystemCallTest);

TEST_P(SystemCallTest, FailingOnce_IsAStatusAndLeavesNothing) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer's own system calls would fail as well";
  std::map<int, int> verdicts;
  for (int nth = 0; nth < kMostCalls; ++nth) {
    bool reached = true;
    for (int variant = 0; variant < tests::MostVariants() && reached; ++variant) {
      absl::StatusOr<Process> child =
          Process::Fork([&] { return Attempt(GetParam(), {.nth = nth, .variant = variant}); });
      ASSERT_OK(child);
      const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
      if (!end.ok()) (void)child->Kill();
      ASSERT_OK(end) << "hangs: call " << nth << ", variant " << variant;
      ASSERT_TRUE(end->exited()) << end->ToString() << ": call " << nth << ", variant " << variant;
      ++verdicts[end->exit_code()];
      if (end->exit_code() == kCantInject)
        GTEST_SKIP() << "this kernel has no seccomp notifications";
      EXPECT_TRUE(end->ok() || (end->exit_code() >= kNotReached && end->exit_code() < kBroken))
          << end->ToString() << ": call " << nth << ", variant " << variant << " "
          << child->failure();
      reached = end->exit_code() != kNotReached;
      if (end->exit_code() == kNoSuchVariant) break;
    }
    if (!reached) break;
  }
  EXPECT_GT(verdicts[kHeld], 30) << "or nothing has been tried";
  EXPECT_EQ(verdicts[kNotReached], 1) << "the last call has been reached";
}

}  // namespace
}  // namespace progeny
