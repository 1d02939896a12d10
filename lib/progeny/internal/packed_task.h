// What spawn and forkserver share: a task as bytes and handles for a process that runs the program
// anew.
#ifndef PROGENY_INTERNAL_PACKED_TASK_H_
#define PROGENY_INTERNAL_PACKED_TASK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/detail/attachments.h"
#include "progeny/internal/start_strategy.h"

namespace progeny::internal {

// A program that never turns off at a guard would run main anew in each re-executed process, and
// start children again: FailedPrecondition, before any process is made, unless `executable` is set.
absl::Status CheckGuard(const std::string& executable);

struct PackedTask {
  std::vector<std::byte> payload;
  detail::OutgoingHandles handles;  // open as long as the task lives
};
absl::StatusOr<PackedTask> Pack(const StartRequest& request);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_PACKED_TASK_H_
