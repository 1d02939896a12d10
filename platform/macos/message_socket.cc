#include "platform/posix/message_socket.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <mutex>

#include "platform/error.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/fork_lock.h"

namespace progeny::platform {

const bool kMessagesArriveWhole = false;
const int kSendFlags = 0;  // no MSG_NOSIGNAL: SO_NOSIGPIPE below
const int kReceiveFlags = 0;

// A program that another thread starts between receiving and this may catch it, as with pipe().
int KeepFromExec(int descriptor) { return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 ? 0 : errno; }

absl::StatusOr<SocketPair> CreateSocketPair() {
  int ends[2];
  Handle first;
  Handle second;
  {
    std::lock_guard<std::mutex> lock(ForkLock());
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
      return WithNextStep(LastOsError("create a pair of sockets", ""),
                          "raise the limit of open files (ulimit -n) or close some");
    }
    first = Handle(ends[0]);
    second = Handle(ends[1]);
    const int on = 1;
    for (int end : ends) {
      if (fcntl(end, F_SETFD, FD_CLOEXEC) != 0 ||
          setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) != 0) {
        return LastOsError("create a pair of sockets", "");
      }
    }
  }
  absl::StatusOr<Handle> moved_first =
      AboveStandardStreams(static_cast<int>(first.Release()), "create a pair of sockets");
  if (!moved_first.ok()) return moved_first.status();
  absl::StatusOr<Handle> moved_second =
      AboveStandardStreams(static_cast<int>(second.Release()), "create a pair of sockets");
  if (!moved_second.ok()) return moved_second.status();
  return SocketPair{*std::move(moved_first), *std::move(moved_second)};
}

}  // namespace progeny::platform
