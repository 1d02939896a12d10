// Nothing left: descriptors, processes, memory for a child. Each is an answer, and nothing is left behind.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/posix/limited.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::kPatience;
using tests::Limit;

class ExhaustionTest : public tests::EveryMethodApart {};
PROGENY_FOR_EVERY_METHOD(ExhaustionTest);

// Takes descriptors until none is left, then gives back `leave`.
void TakeDescriptors(std::vector<int>& taken, int leave) {
  for (int fd = open("/dev/null", O_RDONLY | O_CLOEXEC); fd >= 0;
       fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) {
    taken.push_back(fd);
  }
  for (int i = 0; i < leave && !taken.empty(); ++i) {
    close(taken.back());
    taken.pop_back();
  }
}

absl::Status StartWithFewDescriptors(StartMethod method, int leave, bool& leaked) {
  std::vector<int> taken;
  TakeDescriptors(taken, leave);
  const size_t before = tests::OpenHandles().size();
  const ProcessOptions options{
      .start_method = method, .in = Stdio::Pipe(), .out = Stdio::Pipe(), .err = Stdio::Pipe()};
  absl::Status status;
  {
    absl::StatusOr<Process> child = Process::Start(options, fn<&tests::ExitWith>, 0);
    status = child.ok() ? child->Join(kPatience).status() : child.status();
  }
  leaked = tests::OpenHandles().size() != before;
  for (int fd : taken) close(fd);
  return status;
}

TEST_P(ExhaustionTest, Descriptors_RunningOutAtAnyStep_IsToldAndLeaksNone) {
  if (tests::kSanitized) GTEST_SKIP() << "the sanitizers' own checks of memory need a free descriptor";
  if (tests::OpenHandles().empty()) GTEST_SKIP() << "this system does not list descriptors";
  RunApart([method = GetParam()]() -> absl::Status {
    (void)Call({.start_method = method}, fn<&tests::ExitWith>, 0);  // what is made once, is there
    Limit(RLIMIT_NOFILE, 64);
    bool worked = false;
    for (int leave = 2; leave < 32 && !worked; ++leave) {
      bool leaked = false;
      const absl::Status status = StartWithFewDescriptors(method, leave, leaked);
      worked = status.ok();
      if (leaked) return absl::DataLossError(absl::StrCat("leaked with ", leave, " left: ", status.ToString()));
      if (!worked && status.code() != absl::StatusCode::kResourceExhausted) return status;
      if (!ActiveChildren().empty()) return absl::InternalError("a child is left");
    }
    return worked ? absl::OkStatus() : absl::InternalError("it never worked");
  });
}

TEST_P(ExhaustionTest, Descriptors_AllTaken_IsResourceExhausted) {
  if (tests::kSanitized) GTEST_SKIP() << "the sanitizers' own checks of memory need a free descriptor";
  RunApart([method = GetParam()]() -> absl::Status {
    Limit(RLIMIT_NOFILE, 64);
    std::vector<int> taken;
    TakeDescriptors(taken, 0);
    const absl::Status status = Process::Start({.start_method = method}, fn<&tests::ExitWith>, 0).status();
    for (int fd : taken) close(fd);
    if (!absl::IsResourceExhausted(status)) return absl::InternalError(status.ToString());
    return Call({.start_method = method}, fn<&tests::ExitWith>, 0).status();  // and works again
  });
}

TEST_P(ExhaustionTest, Processes_RunningOut_IsToldWithTheNextStep) {
  if (getuid() != 0) GTEST_SKIP() << "needs root, to become a user that has no other process";
  RunApart([method = GetParam()]() -> absl::Status {
    if (!Call({.start_method = method}, fn<&tests::ExitWith>, 0).ok()) return absl::InternalError("first");
    if (setgid(54321) != 0 || setuid(54321) != 0) return absl::InternalError("setuid");
    Limit(RLIMIT_NPROC, 1);
    const absl::Status status = Process::Start({.start_method = method}, fn<&tests::ExitWith>, 0).status();
    const bool told = absl::IsResourceExhausted(status) &&
                      status.message().find("RLIMIT_NPROC") != absl::string_view::npos;
    return told ? absl::OkStatus() : absl::InternalError(status.ToString());
  });
}

TEST_P(ExhaustionTest, Privileges_DroppedAfterTheFirstStart_HinderNoOther) {
  if (getuid() != 0) GTEST_SKIP() << "needs root, to become another user";
  RunApart([method = GetParam()]() -> absl::Status {
    absl::StatusOr<Process> before = Process::Start(
        {.start_method = method, .out = Stdio::Pipe()}, fn<&tests::StayUntilStopped>);
    if (!before.ok()) return before.status();
    if (setgid(54321) != 0 || setuid(54321) != 0) return absl::InternalError("setuid");
    return Call({.start_method = method}, fn<&tests::ExitWith>, 0).status();
  });
}

TEST_P(ExhaustionTest, LimitAboveTheHardOne_IsRefusedBeforeAnyChildExists) {
  RunApart([method = GetParam()]() -> absl::Status {
    Limit(RLIMIT_NOFILE, 100);
    ProcessOptions options{.start_method = method};
    options.limits.open_files = 200;
    const absl::Status status = Process::Start(options, fn<&tests::ExitWith>, 0).status();
    const bool told = absl::IsInvalidArgument(status) &&
                      status.message().find("limits.open_files") != absl::string_view::npos;
    return told ? absl::OkStatus() : absl::InternalError(status.ToString());
  });
}

int OpenFilesLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(limit.rlim_max);
}

TEST_P(ExhaustionTest, OpenFilesLimit_HoldsInTheChild) {
  ProcessOptions options = Options();
  options.limits.open_files = 50;
  EXPECT_EQ(*Call(options, fn<&OpenFilesLimit>), 50);
  EXPECT_NE(OpenFilesLimit(), 50);
}

}  // namespace
}  // namespace progeny
