// What a launcher or a fork hands to the body of ChildHandle.
#ifndef PROGENY_PLATFORM_POSIX_CHILD_STATE_H_
#define PROGENY_PLATFORM_POSIX_CHILD_STATE_H_

#include <sys/types.h>

#include <memory>

#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/handle.h"
#include "platform/posix/lifeline.h"
#include "platform/posix/server_connection.h"
#include "platform/shared_region.h"

namespace progeny::platform {

// Where the kernel has no process handles, a pipe whose write end only the child holds tells its
// end. Both ends are empty where it isn't needed. macOS: `read` is a kqueue, yet to be told of whom,
// and there is no write end.
struct ExitPipe {
  Handle read;
  Handle write;
  // Of a fork server's child: the kernel's handle of it, if the server has sent one along; and the
  // server, if the child is the server's own: `read` is then a socket over which it tells the status.
  Handle process;
  std::shared_ptr<ServerConnection> server;
};

// To be made before a child is started, as nothing may fail afterwards.
absl::StatusOr<ExitPipe> PrepareExitPipe();

// In a child: this descriptor is the exit pipe's write end; a forked child of this one closes it.
void KeepExitPipe(int write_end);

struct NewChild {
  pid_t pid = 0;
  LifelineReader lifeline;
  ExitPipe exit_pipe;
  std::byte* slot_head = nullptr;  // outlives the handle
  bool executed = false;           // it has become another program
};

// Takes a process handle of a child just started and tells the child so. When that fails the
// child is killed and reaped: an error leaves nothing behind.
absl::StatusOr<ChildHandle> AdoptChild(NewChild child);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_CHILD_STATE_H_
