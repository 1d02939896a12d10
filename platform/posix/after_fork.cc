#include "platform/posix/after_fork.h"

#include <cerrno>
#include <unistd.h>

extern "C" char** environ;

namespace progeny::platform {
namespace {

[[noreturn]] void Fail(int pipe, SetupStep step) {
  SetupFailure failure;
  failure.step = step;
  failure.error = errno;
  failure.check = failure.Sum();
  while (write(pipe, &failure, sizeof failure) < 0 && errno == EINTR) {
  }
  _exit(kSetupFailedExitCode);
}

}  // namespace

void SetUpForkedChild(const AfterForkPlan& plan) {
  for (int target = 0; target < 3; ++target) {
    if (plan.streams[target] < 0) continue;
    if (dup2(plan.streams[target], target) < 0) Fail(plan.failure_pipe, SetupStep::kStreams);
  }
  // Where a stream came from is one holder more of it: who reads it would wait for this process's end.
  for (int stream : plan.streams) {
    if (stream >= 3) close(stream);
  }
  if (plan.directory >= 0 && fchdir(plan.directory) != 0) {
    Fail(plan.failure_pipe, SetupStep::kDirectory);
  }
  if (plan.environment != nullptr) environ = plan.environment;
  for (size_t i = 0; i < plan.limit_count; ++i) {
    const rlimit limit{plan.limits[i].value, plan.limits[i].value};
    if (setrlimit(plan.limits[i].resource, &limit) != 0) {
      Fail(plan.failure_pipe, SetupStep::kLimits);
    }
  }
  if (plan.failure_pipe >= 0) close(plan.failure_pipe);
}

}  // namespace progeny::platform
