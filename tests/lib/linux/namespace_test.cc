// The parent as pid 1 of its own namespace, as in a container: its children are healthy, and none of
// them outlives it.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::kPatience;

constexpr int kNotPermitted = 50;

class NamespaceTest : public tests::EveryMethod {
 protected:
  // Runs `as_first` as pid 1 of a namespace of its own; its exit code.
  template <class Body>
  absl::StatusOr<ExitStatus> RunAsFirst(Body as_first) {
    absl::StatusOr<Process> outer = Process::Fork([&] {
      if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0 && unshare(CLONE_NEWPID) != 0) return kNotPermitted;
      absl::StatusOr<Process> first = Process::Fork([&] { return as_first(); });
      if (!first.ok()) return tests::kStartFailed;
      const absl::StatusOr<ExitStatus> end = first->Join(kPatience);
      return end.ok() ? end->exit_code() : tests::kChildFailed;
    });
    if (!outer.ok()) return outer.status();
    return outer->Join(kPatience);
  }
};
PROGENY_FOR_EVERY_METHOD(NamespaceTest);

TEST_P(NamespaceTest, AsPidOne_ChildrenAreHealthy) {
  const absl::StatusOr<ExitStatus> end = RunAsFirst([&]() -> int {
    if (getpid() != 1) return tests::kWrongValue;
    for (int i = 0; i < 5; ++i) {
      const absl::StatusOr<int> answer = Call({.start_method = GetParam()}, fn<&tests::ExitWith>, i);
      if (!answer.ok() || *answer != i) return tests::kChildFailed;
    }
    absl::StatusOr<Process> child = Process::Start(
        {.start_method = GetParam(), .out = Stdio::Pipe()}, fn<&tests::StayUntilStopped>);
    if (!child.ok()) return tests::kStartFailed;
    if (tests::ReadLine(child->out()) != "ready") return tests::kWrongValue;
    if (!child->RequestStop().ok()) return tests::kChildFailed;
    const ExitStatus stopped = *child->Join(kPatience);
    // A leak checker fails at the end of a program whose /proc is another namespace's.
    return tests::kSanitized && stopped.exited() ? 0 : stopped.exit_code();
  });
  ASSERT_OK(end);
  if (end->exit_code() == kNotPermitted) GTEST_SKIP() << "unshare: " << std::strerror(EPERM);
  EXPECT_EQ(end->ToString(), "exit code 0");
}

int MiddleOf(StartMethod method) {
  absl::StatusOr<Process> child =
      Process::Start({.start_method = method, .out = Stdio::Pipe()}, fn<&tests::StayUntilEnded>);
  if (!child.ok()) return tests::kStartFailed;
  tests::ReadLine(child->out());
  tests::Say(std::to_string(child->id()));
  return tests::StayUntilEnded();
}

TEST_P(NamespaceTest, ChildOfPidOneThatIsKilled_TakesItsOwnChildrenAlong) {
  const absl::StatusOr<ExitStatus> end = RunAsFirst([&]() -> int {
    absl::StatusOr<Process> middle = Process::Start(
        {.start_method = GetParam(), .out = Stdio::Pipe()}, fn<&MiddleOf>, GetParam());
    if (!middle.ok()) return tests::kStartFailed;
    const pid_t grandchild = std::atoi(tests::ReadLine(middle->out()).c_str());
    if (grandchild <= 1 || kill(grandchild, 0) != 0) return tests::kWrongValue;
    if (!middle->Kill().ok() || !middle->Join(kPatience).ok()) return tests::kChildFailed;
    // Orphans are ours now, as we are pid 1: a zombie to be reaped says that it has ended.
    const bool gone = tests::WaitUntil([&] { return waitpid(grandchild, nullptr, WNOHANG) == grandchild; },
                                       absl::Seconds(1));
    return gone ? tests::kDone : tests::kNobodyEndedMe;
  });
  ASSERT_OK(end);
  if (end->exit_code() == kNotPermitted) GTEST_SKIP() << "unshare: " << std::strerror(EPERM);
  EXPECT_EQ(end->ToString(), "exit code 0");
}

}  // namespace
}  // namespace progeny
