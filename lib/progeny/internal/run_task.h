// The end of every child: run its work, tell the parent what came of it, run what was registered
// for the end. The same in a forked child and in a re-executed one.
#ifndef PROGENY_INTERNAL_RUN_TASK_H_
#define PROGENY_INTERNAL_RUN_TASK_H_

#include "absl/functional/function_ref.h"
#include "progeny/detail/entry.h"
#include "progeny/internal/slot.h"

namespace progeny::internal {

// Returns the exit code. An exception that escapes `work` becomes status and exit code 1, and is
// told on stderr. The answer is written only if the parent could not tell it from the exit code.
int RunInChild(absl::FunctionRef<void(detail::EntryOutcome&)> work, Slot& slot);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_RUN_TASK_H_
