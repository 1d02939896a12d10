// The first moments of a fork server's child, and its last one.
#ifndef PROGENY_PLATFORM_POSIX_SERVED_CHILD_H_
#define PROGENY_PLATFORM_POSIX_SERVED_CHILD_H_

#include <signal.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "platform/launch.h"
#include "platform/posix/fork_server_wire.h"
#include "platform/posix/process_context.h"

namespace progeny::platform {

struct ReceivedRequest {
  ForkRequestHead head;
  std::vector<Handle> handles;
  size_t next = 0;

  bool Has(uint32_t flag) const { return (head.flags & flag) != 0; }
  Handle Take() { return next < handles.size() ? std::move(handles[next++]) : Handle(); }
};

// What the server knows and its children need.
struct Inheritance {
  EnvironmentDifference environment;  // what code of the user's has done to the server's
  sigset_t signal_mask{};             // before the server began to serve
  std::byte* buffer = nullptr;        // mapped; the request's body
  bool status_can_be_lost = false;    // the child has to wait until it has been adopted
};

// In the child. Nothing in here is expected to fail; what does ends it with kSetupFailedExitCode.
HandOver BecomeServedChild(ReceivedRequest& request, const Inheritance& inheritance, size_t slot_bytes);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_SERVED_CHILD_H_
