#include "progeny/internal/run_task.h"

#include "platform/exceptions.h"
#include "progeny/internal/answer.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/self.h"
#include "progeny/log.h"

namespace progeny::internal {
namespace {

// As every system can tell it: wait status on POSIX keeps eight bits.
int WithinExitCodes(int code) { return code < 0 || code > 255 ? 255 : code; }

void RunCatching(absl::FunctionRef<void(detail::EntryOutcome&)> work, detail::EntryOutcome& outcome) {
  const auto thrown = platform::RunCatching([&] { work(outcome); });
  if (!thrown) return;
  outcome.status = detail::RemoteErrorStatus({thrown->type, thrown->what});
  outcome.exit_code = 1;
  Log::Error(outcome.status);
}

}  // namespace

int RunInChild(absl::FunctionRef<void(detail::EntryOutcome&)> work, Slot& slot) {
  detail::EntryOutcome outcome;
  RunCatching(work, outcome);
  const bool failed = !outcome.status.ok();
  if (failed && outcome.exit_code == 0) outcome.exit_code = 1;
  // An end without a value or a status is told by the exit code alone; a slot left untouched is a page
  // less to fault in.
  const bool nothing_to_say = !failed && outcome.exits;
  if (nothing_to_say) {
    RunAtExit();
    return WithinExitCodes(outcome.exit_code);
  }
  if (absl::Status written = slot.WriteAnswer(EncodeAnswer(outcome)); !written.ok()) {
    // No room for the value: that much can be told.
    outcome.status = written;
    outcome.exit_code = 1;
    if (!slot.WriteAnswer(EncodeAnswer(outcome)).ok()) Log::Error(written);
  }
  RunAtExit();
  return WithinExitCodes(outcome.exit_code);
}

}  // namespace progeny::internal
