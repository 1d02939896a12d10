#include "platform/posix/fork_error.h"

#include <cerrno>

#include "platform/error.h"

namespace progeny::platform {

absl::Status ForkError(int error) {
  const absl::Status status = OsError(error, "fork", "");
  if (error != EAGAIN) return status;
  return WithNextStep(absl::ResourceExhaustedError(status.message()),
                      "raise the limit of processes (RLIMIT_NPROC, pids.max) or start fewer");
}

}  // namespace progeny::platform
