#include "platform/posix/own_children.h"

#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "platform/posix/child_watch.h"
#include "platform/posix/message_socket.h"

namespace progeny::platform {
namespace {

void OnChildEnd(int) {}

}  // namespace

void OwnChildren::Begin() {
  if (std::exchange(begun_, true)) return;
  struct sigaction action {};
  action.sa_handler = &OnChildEnd;
  sigaction(SIGCHLD, &action, &action_before_);
}

void OwnChildren::Add(pid_t pid, Handle status) { children_.push_back({pid, std::move(status)}); }

void OwnChildren::ForgetInChild() {
  children_.clear();
  sigaction(SIGCHLD, &action_before_, nullptr);
}

// A child that ends between the look at it and the wait interrupts the wait: SIGCHLD is blocked but there.
bool OwnChildren::AwaitRequest(int socket) {
  sigset_t but_children;
  sigfillset(&but_children);
  sigdelset(&but_children, SIGCHLD);
  while (true) {
    Reap();
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(socket, &readable);
    const int ready = pselect(socket + 1, &readable, nullptr, nullptr, nullptr, &but_children);
    if (ready > 0) {
      Reap();
      return true;
    }
    if (errno != EINTR) return false;
  }
}

int OwnChildren::Signal(pid_t pid, int signal) const {
  for (const Child& child : children_) {
    if (child.pid == pid) return kill(pid, signal) == 0 ? 0 : errno;
  }
  return ESRCH;
}

// One that nobody can wait for any more is told by the end of its socket alone.
void OwnChildren::Reap() {
  std::erase_if(children_, [](Child& child) {
    ServedEnd end;
    rusage usage{};
    pid_t got = 0;
    do {
      got = wait4(child.pid, &end.status, WNOHANG, &usage);
    } while (got < 0 && errno == EINTR);
    if (got == 0) return false;
    end.peak_bytes = PeakOf(usage).bytes;
    if (got == child.pid) {
      (void)send(static_cast<int>(child.status.get()), &end, sizeof end, kSendFlags);
    }
    return true;
  });
}

}  // namespace progeny::platform
