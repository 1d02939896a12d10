// Interleavings of a fork and what meets them:
// * Another thread forks (foreign code) while we start a child: its child inherits our descriptors,
//   all close-on-exec; the lifeline's write end it closes in its atfork handler (fork_lock.cc).
// * The child ends before the parent has taken its process handle: slot_words.h.
// * The parent dies before the child is bound to it: BindSelf looks after arming (lifeline.h).
// * Another thread holds a stdio lock: stdio_buffers.h.
// * A signal meant for the parent arrives between fork and the child's set-up: the child runs the
//   parent's handler, as with any fork; masks and handlers are left as they are, by contract.
#include "platform/fork_child.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/posix/after_fork.h"
#include "platform/posix/child_end.h"
#include "platform/posix/child_state.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/fork_error.h"
#include "platform/posix/fork_handlers.h"
#include "platform/posix/resource_limits.h"
#include "platform/posix/stdio_buffers.h"

namespace progeny::platform {
namespace {

// What the child needs, ready before the fork: there it may not allocate.
struct Plan {
  AfterForkPlan steps;
  Handle directory;
  PipeEnds failure;
  std::vector<char*> environment;
  std::vector<LimitToSet> limits;
};

absl::Status PrepareLimits(const ResourceLimits& limits, Plan& plan) {
  if (absl::Status checked = CheckResourceLimits(limits); !checked.ok()) return checked;
  for (const LimitKind& kind : LimitKinds()) {
    const std::optional<int64_t>& value = limits.*kind.value;
    if (value) plan.limits.push_back({kind.resource, static_cast<rlim_t>(*value)});
  }
  plan.steps.limits = plan.limits.data();
  plan.steps.limit_count = plan.limits.size();
  return absl::OkStatus();
}

absl::Status PrepareDirectory(const std::string& path, Plan& plan) {
  if (path.empty()) return absl::OkStatus();
  auto directory = AboveStandardStreams(
      open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open the working directory");
  if (!directory.ok()) return directory.status();
  plan.directory = *std::move(directory);
  plan.steps.directory = static_cast<int>(plan.directory.get());
  return absl::OkStatus();
}

absl::Status PreparePlan(const ForkRequest& request, Plan& plan) {
  const StandardStreams& streams = request.setup.streams;
  plan.steps.streams[0] = static_cast<int>(streams.in);
  plan.steps.streams[1] = static_cast<int>(streams.out);
  plan.steps.streams[2] = static_cast<int>(streams.err);
  if (absl::Status status = PrepareLimits(request.limits, plan); !status.ok()) return status;
  if (absl::Status status = PrepareDirectory(request.setup.working_directory, plan); !status.ok()) {
    return status;
  }
  if (request.setup.environment != nullptr) {
    for (const std::string& entry : *request.setup.environment) {
      plan.environment.push_back(const_cast<char*>(entry.c_str()));
    }
    plan.environment.push_back(nullptr);
    plan.steps.environment = plan.environment.data();
  }
  const bool can_fail = plan.directory.valid() || !plan.limits.empty() ||
                        streams.in != kNoHandle || streams.out != kNoHandle ||
                        streams.err != kNoHandle;
  if (!can_fail) return absl::OkStatus();
  absl::StatusOr<PipeEnds> failure = CreatePipe();
  if (!failure.ok()) return failure.status();
  plan.failure = *std::move(failure);
  plan.steps.failure_pipe = static_cast<int>(plan.failure.write.get());
  return absl::OkStatus();
}

absl::Status FailureStatus(const SetupFailure& failure) {
  switch (failure.step) {
    case SetupStep::kStreams:
      return OsError(failure.error, "set up the child's standard streams", "");
    case SetupStep::kDirectory:
      return OsError(failure.error, "change to the child's working directory", "");
    case SetupStep::kLimits:
      return OsError(failure.error, "set the child's resource limits", "");
  }
  return absl::InternalError("the child's set-up failed in an unknown step");
}

// Waits for the child's word that it is set up (the pipe's end), or for its failure.
absl::Status AwaitSetup(Plan& plan) {
  if (!plan.failure.read.valid()) return absl::OkStatus();
  plan.failure.write.Reset();
  SetupFailure failure;
  ssize_t got = 0;
  do {
    got = read(static_cast<int>(plan.failure.read.get()), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return absl::OkStatus();
  if (got == static_cast<ssize_t>(sizeof failure) && failure.Valid()) return FailureStatus(failure);
  return absl::InternalError("the child's word about its set-up was garbled");
}

[[noreturn]] void RunChild(const Plan& plan, NewChild& child, absl::FunctionRef<int()> body) {
  const int reader = static_cast<int>(child.lifeline.reader.get());
  BindSelf(reader, SlotWordsOf(child.slot_head));
  if (child.exit_pipe.write.valid()) {
    child.exit_pipe.read.Reset();
    KeepExitPipe(static_cast<int>(child.exit_pipe.write.get()));
  }
  DiscardInheritedOutput();
  SetUpForkedChild(plan.steps);
  const int code = body();
  FlushOwnOutput();
  AwaitAdoption(SlotWordsOf(child.slot_head));
  EndForkedChild(code);
}

}  // namespace

absl::StatusOr<ChildHandle> ForkChild(const ForkRequest& request, absl::FunctionRef<int()> body) {
  Plan plan;
  if (absl::Status status = PreparePlan(request, plan); !status.ok()) return status;
  NewChild child;
  child.slot_head = request.slot->head();
  SlotWordsOf(child.slot_head).parent = static_cast<uint32_t>(getpid());
  absl::StatusOr<LifelineReader> lifeline = OpenLifeline();
  if (!lifeline.ok()) return lifeline.status();
  child.lifeline = *std::move(lifeline);
  absl::StatusOr<ExitPipe> exit_pipe = PrepareExitPipe();
  if (!exit_pipe.ok()) return exit_pipe.status();
  child.exit_pipe = *std::move(exit_pipe);

  FlushBeforeFork();
  child.pid = fork();
  if (child.pid < 0) return ForkError(errno);
  if (child.pid == 0) RunChild(plan, child, body);

  child.exit_pipe.write.Reset();
  absl::StatusOr<ChildHandle> handle = AdoptChild(std::move(child));
  if (!handle.ok()) return handle.status();
  if (absl::Status ready = AwaitSetup(plan); !ready.ok()) {
    (void)handle->Wait(Deadline::Infinite());
    return ready;
  }
  return handle;
}

void OnFork(void (*prepare)(), void (*parent)(), void (*child)()) {
  AroundEveryFork({prepare, parent, child});
}

}  // namespace progeny::platform
