// Races:
// * A forked child of the client inherits the socket: it is closed there by the fork handler, so that
//   nobody but the client can talk to the server, and the server sees its end.
// * Another thread forks a child while the pair of sockets is made: that child has the server's end as
//   well, maybe for long, and the server's death doesn't end the socket. So whoever waits for a word
//   looks at the server's process too.
// * The lock isn't taken around forks: a forked child never uses an inherited connection.
// * The server is stopped, or hangs: the socket has time-outs both ways, so nobody waits for ever.
#include "platform/posix/server_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/posix/fork_lock.h"

namespace progeny::platform {
namespace {

constexpr timeval kPatience{20, 0};

// The sockets of this process, to be closed in its forked children. Under ForkLock().
std::vector<int>& Sockets() {
  static auto& sockets = *new std::vector<int>;
  return sockets;
}

void Note(int socket) {
  std::lock_guard<std::mutex> lock(ForkLock());
  Sockets().push_back(socket);
}

// Whether it was this process's to close.
bool Forget(int socket) {
  std::lock_guard<std::mutex> lock(ForkLock());
  const auto found = std::find(Sockets().begin(), Sockets().end(), socket);
  if (found == Sockets().end()) return false;
  Sockets().erase(found);
  return true;
}

int ReceiveReply(int socket, ServerConnection::Answer& answer) {
  IncomingMessage incoming;
  incoming.head = &answer.head;
  incoming.head_size = sizeof answer.head;
  const int error = ReceiveMessage(socket, kReplyMagic, incoming);
  answer.handles = std::move(incoming.handles);
  return error;
}

}  // namespace

void ForgetServersInChild() {
  for (int socket : Sockets()) close(socket);
  Sockets().clear();
}

ServerConnection::ServerConnection(Handle socket, std::shared_ptr<ChildHandle> server)
    : server_(std::move(server)), socket_(static_cast<int>(socket.Release())) {
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  Note(socket_);
}

void ServerConnection::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  CloseLocked();
}

void ServerConnection::CloseLocked() {
  if (socket_ >= 0 && Forget(socket_)) close(socket_);
  socket_ = -1;
}

ServerConnection::Outcome ServerConnection::Ask(Question& question, Answer& answer,
                                                void (*before)(void*), void* context) {
  question.head.magic = kRequestMagic;
  question.head.handle_count = static_cast<uint32_t>(question.handles.size());
  question.head.body_size = question.body.size();
  OutgoingMessage outgoing;
  outgoing.head = &question.head;
  outgoing.head_size = sizeof question.head;
  outgoing.body = question.body;
  outgoing.handles = question.handles;

  std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ < 0) return Outcome::kGone;
  if (before != nullptr) before(context);
  const SendResult sent = SendMessage(socket_, outgoing);
  const bool gone = sent.error == EPIPE || sent.error == ECONNRESET;
  if (sent.error != 0 && !gone && sent.error != EAGAIN && !sent.in_part) {
    answer.error = sent.error;
    return Outcome::kNotSent;
  }
  int error = sent.error != 0 ? sent.error : AwaitWord(Deadline::After(absl::Seconds(kPatience.tv_sec)));
  if (error == 0) error = ReceiveReply(socket_, answer);
  if (error == 0 || (sent.error == 0 && error == EMFILE)) return Outcome::kAnswered;
  CloseLocked();  // nobody after us may take our loss for its own
  if (gone && !sent.in_part) return Outcome::kGone;
  return error == EAGAIN ? Outcome::kNoAnswer : Outcome::kLost;
}

// 0 once there is something to read, which may be the end. ENOTCONN when the server has ended and said
// nothing; EAGAIN past the deadline.
int ServerConnection::AwaitWord(Deadline deadline) const {
  pollfd ready[] = {{socket_, POLLIN, 0}, {static_cast<int>(server_->sentinel()), POLLIN, 0}};
  while (true) {
    const int count = poll(ready, 2, deadline.RemainingMilliseconds());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) return ready[0].revents != 0 ? 0 : ENOTCONN;
    if (count == 0 && deadline.passed()) return EAGAIN;
  }
}

int ServerConnection::AwaitGreeting(Deadline deadline) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (socket_ < 0) return ENOTCONN;
  if (const int error = AwaitWord(deadline); error != 0) return error;
  Answer greeting;
  const int error = ReceiveReply(socket_, greeting);
  return error == 0 && greeting.head.kind == ReplyKind::kServes ? 0 : ENOTCONN;
}

int ServerConnection::Signal(pid_t pid, int signal) {
  Question question;
  question.head.flags = kIsSignal;
  question.head.pid = pid;
  question.head.signal = signal;
  Answer answer;
  errno = EPIPE;
  if (Ask(question, answer, nullptr, nullptr) != Outcome::kAnswered) return -1;
  errno = answer.head.error;
  return answer.head.error == 0 ? 0 : -1;
}

}  // namespace progeny::platform
