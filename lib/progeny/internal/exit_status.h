// Between the seam's word for a process's end and the public one, and onto an absl::Status.
#ifndef PROGENY_INTERNAL_EXIT_STATUS_H_
#define PROGENY_INTERNAL_EXIT_STATUS_H_

#include "absl/status/status.h"
#include "platform/exit_status.h"
#include "progeny/exit_status.h"

namespace progeny::detail {

class ExitStatusAccess {
 public:
  static ExitStatus FromSeam(const platform::ExitInfo& info);
  static platform::ExitInfo ToSeam(const ExitStatus& status);
};

// `status` with the payload that ExitStatusOf reads.
absl::Status WithExitStatus(absl::Status status, const ExitStatus& exit_status);

// Unknown, "type: what", with the payload that RemoteErrorOf reads.
absl::Status RemoteErrorStatus(const RemoteError& error);

}  // namespace progeny::detail

#endif  // PROGENY_INTERNAL_EXIT_STATUS_H_
