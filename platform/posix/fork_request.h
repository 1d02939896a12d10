// The request for one child of a fork server, ready to be sent.
#ifndef PROGENY_PLATFORM_POSIX_FORK_REQUEST_H_
#define PROGENY_PLATFORM_POSIX_FORK_REQUEST_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "platform/launch.h"
#include "platform/posix/child_state.h"
#include "platform/posix/process_context.h"
#include "platform/posix/server_connection.h"

namespace progeny::platform {

// One child's request, and what it borrows from until it has been sent.
struct Prepared {
  bool child_is_ours = true;        // by the caller
  NewChild child;
  ServerConnection::Question question;
  std::string bytes;                // payload and environment, where both are there
  std::vector<Handle> owned;
};

// `server`: what a server of an image has by inheritance, and what of it need not be sent. Nothing of a
// copy's: its children have what it has.
absl::Status Prepare(const ImageRequest& request, const std::optional<ProcessContext>& server,
                     Prepared& prepared);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FORK_REQUEST_H_
