#include "platform/fork_child.h"
#include "progeny/internal/child.h"
#include "progeny/internal/run_task.h"
#include "progeny/internal/start_strategy.h"

namespace progeny::internal {
namespace {

class Fork final : public StartStrategy {
 public:
  absl::StatusOr<platform::ChildHandle> Start(const StartRequest& request) const override {
    if (!request.executable.empty()) {
      return absl::InvalidArgumentError(
          "executable: a forked child is a copy of this program; use kSpawn, or leave it empty");
    }
    request.slot->NoteGuardReached();  // a copy of this process needs none
    platform::ForkRequest fork;
    fork.setup = request.setup;
    fork.limits = request.limits;
    fork.slot = &request.slot->region();
    return platform::ForkChild(fork, [&] { return RunChild(request); });
  }

 private:
  // In the child, on its copy of the parent's stack.
  static int RunChild(const StartRequest& request) {
    BecomeChild(&request.identity, request.slot);  // this stack frame lives as long as the child
    for (const auto& end : request.parent_ends) end->CloseInForkedChild();
    detail::CloseParentsStreams();
    if (request.reports_crashes) (void)request.slot->ArmCrashReport();
    return RunInChild([&](detail::EntryOutcome& outcome) { request.task->Run(outcome); },
                      *request.slot);
  }
};

}  // namespace

const StartStrategy& ForkStrategy() {
  static const Fork& strategy = *new Fork;
  return strategy;
}

}  // namespace progeny::internal
