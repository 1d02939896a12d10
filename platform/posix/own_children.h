// The portable form of a fork server: its children are its own, it waits for them and tells their ends.
//
// Each child has a socket whose one end the client reads. The server and the child hold the other: the
// wait status comes through it once, then its end; or its end alone, when both are gone.
#ifndef PROGENY_PLATFORM_POSIX_OWN_CHILDREN_H_
#define PROGENY_PLATFORM_POSIX_OWN_CHILDREN_H_

#include <signal.h>
#include <sys/types.h>

#include <vector>

#include "platform/handle.h"

namespace progeny::platform {

// For a process with one thread that keeps SIGCHLD blocked.
class OwnChildren {
 public:
  // Before the first child: an ignored SIGCHLD would lose statuses.
  void Begin();
  bool begun() const { return begun_; }
  void Add(pid_t pid, Handle status);
  // In each child: the other children's sockets are not its own.
  void ForgetInChild();

  // Until `socket` is readable; ends of children are told meanwhile. False when it can't wait.
  bool AwaitRequest(int socket);

  // 0 or an errno, ESRCH for one that has been reaped or never was.
  int Signal(pid_t pid, int signal) const;

 private:
  struct Child {
    pid_t pid;
    Handle status;
  };
  void Reap();

  bool begun_ = false;
  struct sigaction action_before_ {};
  std::vector<Child> children_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_OWN_CHILDREN_H_
