// What a start by fork does about the other threads of this process.
#ifndef PROGENY_INTERNAL_FORK_POLICY_H_
#define PROGENY_INTERNAL_FORK_POLICY_H_

#include "absl/status/status.h"
#include "progeny/process_options.h"

namespace progeny::internal {

// FailedPrecondition if `options` refuse a fork beside other threads; warns once per process if they
// say so. Costs nothing in a process without threads, a microsecond in others until it has warned.
absl::Status CheckForkSafety(const ProcessOptions& options);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_FORK_POLICY_H_
