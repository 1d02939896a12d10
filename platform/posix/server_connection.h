// The client's end of the socket to a fork server: one question at a time.
#ifndef PROGENY_PLATFORM_POSIX_SERVER_CONNECTION_H_
#define PROGENY_PLATFORM_POSIX_SERVER_CONNECTION_H_

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <vector>

#include "absl/types/span.h"
#include "platform/child_handle.h"
#include "platform/deadline.h"
#include "platform/handle.h"
#include "platform/posix/fork_server_wire.h"

namespace progeny::platform {

// Thread-safe. In a forked child of its maker the socket has been closed: only destruction is allowed.
class ServerConnection {
 public:
  ServerConnection(Handle socket, std::shared_ptr<ChildHandle> server);
  ~ServerConnection() { Close(); }
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  enum class Outcome {
    kAnswered,    // maybe without its handle: this process has no room for it
    kNotSent,     // the server knows nothing of it
    kGone,        // nor then: the server had gone before
    kLost,        // it is gone now, or of no more use; whether it has done what was asked is open
    kNoAnswer,    // in twenty seconds; the same
  };
  struct Question {
    ForkRequestHead head;
    absl::Span<const std::byte> body;
    std::vector<int> handles;
  };
  struct Answer {
    ForkReplyHead head;
    std::vector<Handle> handles;
    int error = 0;  // of kNotSent
  };
  // `before` is called under the lock, right before the question goes out.
  Outcome Ask(Question& question, Answer& answer, void (*before)(void*), void* context);

  // Waits for what a server says first of all. 0; EAGAIN past the deadline; ENOTCONN when
  // it has ended; another errno when it can't be waited for.
  int AwaitGreeting(Deadline deadline);

  // 0, or -1 and errno, as kill(2); to a child of the server's, whom nobody else reaps. EPIPE when
  // there is no server any more.
  int Signal(pid_t pid, int signal);

  void Close();

 private:
  void CloseLocked();
  int AwaitWord(Deadline deadline) const;

  const std::shared_ptr<ChildHandle> server_;
  std::mutex mutex_;
  int socket_;  // -1 once closed; under mutex_
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_SERVER_CONNECTION_H_
