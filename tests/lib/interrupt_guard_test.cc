// Ctrl-C for programs with children, as Process::Interrupt of their parent's; from a terminal it is
// tests/lib/posix/terminal_test.cc.
#include "progeny/interrupt_guard.h"

#include <atomic>
#include <csignal>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "progeny/call.h"
#include "progeny/fork_safety.h"
#include "progeny/log.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::kPatience;

constexpr int kInterrupted = 130;

class InterruptGuardTest : public tests::EveryMethod {
 protected:
  void SetUp() override {
    tests::EveryMethod::SetUp();
    if (tests::kThreadSanitized) {
      GTEST_SKIP() << "ThreadSanitizer holds signals back, and has a thread of its own in each process";
    }
  }
};
PROGENY_FOR_EVERY_METHOD(InterruptGuardTest);

std::atomic<int> heard{0};
void Hear(int signal) {
  std::signal(signal, &Hear);
  ++heard;
}

// Ends with how many interrupts it has heard, once it was told and then left alone.
int Listen() {
  std::signal(SIGINT, &Hear);
  tests::Say("ready");
  tests::WaitUntil([] { return heard > 0 && this_process::StopRequested(); });
  tests::WaitUntil([] { return heard > 1; }, absl::Milliseconds(200));
  tests::Say(absl::StrCat("heard ", heard.load()));
  // The guard ends the program in the middle as soon as this one has ended: time to pass it on.
  tests::WaitUntil([] { return heard > 1; }, absl::Milliseconds(300));
  return tests::kDone;
}

int Deaf() {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  return tests::StayUntilEnded();
}

// A program in the middle: main would go on to its end, were it not for the interrupt.
template <auto kChild>
int Guarded(StartMethod method, absl::Duration grace) {
  const InterruptGuard interrupts;
  ProcessOptions options{.start_method = method, .grace = grace, .out = Stdio::Pipe()};
  absl::StatusOr<Process> child = Process::Start(options, fn<kChild>);
  if (!child.ok() || tests::ReadLine(child->out()) != "ready") return tests::kStartFailed;
  tests::Say(absl::StrCat(child->id()));
  const std::string last_words = tests::ReadLine(child->out());
  if (!last_words.empty()) tests::Say(last_words);
  (void)child->Join();
  return tests::kChildFailed;
}

TEST_P(InterruptGuardTest, AnInterrupt_IsPassedOnOnce_AndTheProgramEndsWith130) {
  for (StartMethod inner : AvailableStartMethods()) {
    absl::StatusOr<Process> program =
        Process::Start(Talking(), fn<&Guarded<&Listen>>, inner, kPatience);
    ASSERT_OK(program);
    EXPECT_NE(tests::ReadLine(program->out()), "");
    ASSERT_OK(program->Interrupt());
    EXPECT_EQ(tests::ReadLine(program->out()), "heard 1");
    EXPECT_EQ(program->Join(kPatience)->exit_code(), kInterrupted);
  }
}

TEST_P(InterruptGuardTest, AChildThatDoesNotListen_IsEndedByTheLadder) {
  for (StartMethod inner : AvailableStartMethods()) {
    absl::StatusOr<Process> program =
        Process::Start(Talking(), fn<&Guarded<&Deaf>>, inner, absl::Milliseconds(50));
    ASSERT_OK(program);
    int64_t child = 0;
    ASSERT_TRUE(absl::SimpleAtoi(tests::ReadLine(program->out()), &child));
    ASSERT_OK(program->Interrupt());
    EXPECT_EQ(program->Join(kPatience)->exit_code(), kInterrupted);
    EXPECT_TRUE(tests::WaitUntil([&] { return !tests::IsRunning(child); }));
  }
}

TEST_P(InterruptGuardTest, ASecondInterrupt_HasNoPatience) {
  absl::StatusOr<Process> program =
      Process::Start(Talking(), fn<&Guarded<&Deaf>>, GetParam(), absl::InfiniteDuration());
  ASSERT_OK(program);
  EXPECT_NE(tests::ReadLine(program->out()), "");
  // The first may be taken together with the second: then there is no ladder to hurry up yet.
  EXPECT_TRUE(tests::WaitUntil([&] {
    EXPECT_OK(program->Interrupt());
    return program->Join(absl::Milliseconds(50)).ok();
  }));
  EXPECT_EQ(program->Join(kPatience)->exit_code(), kInterrupted);
}

int WorkForEver() {
  tests::Say(absl::StrCat(this_process::id()));
  tests::WaitUntil([] { return false; });
  return tests::kNobodyEndedMe;
}

int WithAPool(StartMethod method) {
  const InterruptGuard interrupts;
  PoolOptions options{.workers = 2};
  options.process.start_method = method;
  options.process.grace = absl::Milliseconds(50);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  if (!pool.ok()) return tests::kStartFailed;
  std::vector<Future<int>> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(pool->Submit(fn<&WorkForEver>));
  for (Future<int>& task : tasks) (void)task.Get();
  return tests::kNobodyEndedMe;
}

TEST_P(InterruptGuardTest, Pain12_AnInterruptOfAProgramWithAPool_EndsItAndItsWorkersAtOnce) {
  for (StartMethod inner : AvailableStartMethods()) {
    absl::StatusOr<Process> program = Process::Start(Talking(), fn<&WithAPool>, inner);
    ASSERT_OK(program);
    std::vector<int64_t> workers(2);
    for (int64_t& worker : workers) ASSERT_TRUE(absl::SimpleAtoi(tests::ReadLine(program->out()), &worker));
    ASSERT_OK(program->Interrupt());
    EXPECT_EQ(program->Join(kPatience)->exit_code(), kInterrupted) << Name(inner);
    for (int64_t worker : workers) EXPECT_TRUE(tests::WaitUntil([&] { return !tests::IsRunning(worker); }));
  }
}

int InterruptAfterTheGuard() {
  std::signal(SIGINT, &Hear);
  { const InterruptGuard interrupts; }
  tests::Say("ready");
  return tests::WaitUntil([] { return heard > 0; }) ? tests::kDone : tests::kNobodyEndedMe;
}

TEST_P(InterruptGuardTest, AfterTheGuard_InterruptsDoWhatTheyDidBefore) {
  absl::StatusOr<Process> program = Process::Start(Talking(), fn<&InterruptAfterTheGuard>);
  ASSERT_OK(program);
  EXPECT_EQ(tests::ReadLine(program->out()), "ready");
  ASSERT_OK(program->Interrupt());
  EXPECT_EQ(program->Join(kPatience)->exit_code(), tests::kDone);
}

// The child's own SIGINT is none of its parent's guard's.
int DieOfInterrupt(StartMethod method) {
  const InterruptGuard interrupts;
  absl::StatusOr<Process> child =
      Process::Start({.start_method = method, .out = Stdio::Pipe()}, fn<&tests::StayUntilEnded>);
  if (!child.ok() || tests::ReadLine(child->out()) != "ready") return tests::kStartFailed;
  if (!child->Interrupt().ok()) return tests::kWrongValue;
  return child->Join(kPatience)->terminated() ? tests::kDone : tests::kChildFailed;
}

TEST_P(InterruptGuardTest, AChildOfAGuardedProgram_HasTheDefaultAnswer) {
  for (StartMethod inner : AvailableStartMethods()) {
    absl::StatusOr<Process> program = Process::Start(Options(), fn<&DieOfInterrupt>, inner);
    ASSERT_OK(program);
    EXPECT_EQ(program->Join(kPatience)->exit_code(), tests::kDone);
  }
}

TEST(InterruptGuard, ASecondOneInAProcess_SaysSoAndDoesNothing) {
  std::string said;
  Log::SetSink([&](const Log::Message& message) { said = message.text; });
  {
    const InterruptGuard first;
    const InterruptGuard second;
    EXPECT_THAT(said, HasSubstr("does already"));
  }
  said.clear();
  { const InterruptGuard again; }
  EXPECT_EQ(said, "");
  Log::SetSink({});
}

int ForkBesideAGuard() {
  const size_t before = ForkSafety().other_threads.size();
  const InterruptGuard interrupts;
  return ForkSafety().other_threads.size() == before ? tests::kDone : tests::kWrongValue;
}

TEST_P(InterruptGuardTest, ItsThread_MakesNoForkUnsafe) {
  absl::StatusOr<Process> program = Process::Start(Options(), fn<&ForkBesideAGuard>);
  ASSERT_OK(program);
  EXPECT_EQ(program->Join(kPatience)->exit_code(), tests::kDone);
}

}  // namespace
}  // namespace progeny
