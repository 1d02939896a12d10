#include "platform/posix/message_socket.h"

#include <sys/socket.h>

#include "platform/error.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {

const bool kMessagesArriveWhole = true;
const int kSendFlags = MSG_NOSIGNAL;
const int kReceiveFlags = MSG_CMSG_CLOEXEC;

int KeepFromExec(int) { return 0; }

absl::StatusOr<SocketPair> CreateSocketPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return WithNextStep(LastOsError("create a pair of sockets", ""),
                        "raise the limit of open files (ulimit -n) or close some");
  }
  Handle second(ends[1]);
  absl::StatusOr<Handle> first = AboveStandardStreams(ends[0], "create a pair of sockets");
  if (!first.ok()) return first.status();
  absl::StatusOr<Handle> moved =
      AboveStandardStreams(static_cast<int>(second.Release()), "create a pair of sockets");
  if (!moved.ok()) return moved.status();
  return SocketPair{*std::move(first), *std::move(moved)};
}

}  // namespace progeny::platform
