// The client's part of a fork server.
//
// Interleavings:
// * The server is killed before it has made the child, or right after, before it could say so: the
//   kernel has written the child's id into the server's slot by then (last_child). Is one there, the
//   child is ours and runs: the start has worked. Is none there, no child exists, as the server's end
//   of the socket is closed last of all, when it makes no more calls.
// * It has made a child that isn't our own (portable form) and was killed before it said so: the
//   child's slot decides whether that child may begin (slot_words.h, claim).
// * Several threads start at once: each prepares by itself, one at a time asks.
// * Another thread forks meanwhile, or has while the pair of sockets was made: server_connection.cc.
// * A copy inherits the client's end of its own socket: it closes that first of all, as it would else
//   never see its client's end. The other servers' are closed by the fork handler.
#include "platform/fork_server.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <optional>

#include "platform/error.h"
#include "platform/posix/child_state.h"
#include "platform/posix/copied_server.h"
#include "platform/posix/fork_error.h"
#include "platform/posix/fork_request.h"

namespace progeny::platform {
namespace {

constexpr absl::Duration kTimeToEnd = absl::Seconds(5);

}  // namespace

class ForkServer::State {
 public:
  enum class Kind { kImage, kCopy };
  State(Kind kind, ChildHandle process, Handle socket, std::byte* slot_head)
      : process_(std::make_shared<ChildHandle>(std::move(process))),
        connection_(std::make_shared<ServerConnection>(std::move(socket), process_)),
        slot_(SlotWordsOf(slot_head)) {
    if (kind == Kind::kImage) as_of_launch_.emplace();
  }

  ChildHandle& process() { return *process_; }
  const std::shared_ptr<ServerConnection>& connection() const { return connection_; }
  bool Usable() const { return !gone_.load() && user_ == UserId(); }

  bool children_are_ours() const { return children_are_ours_.load(); }
  const std::optional<ProcessContext>& as_of_launch() const { return as_of_launch_; }
  bool is_copy() const { return !as_of_launch_.has_value(); }
  // From here on. Not where ids mean other processes there than here: nobody could be signalled.
  absl::Status TakeServersChildren(pid_t as_the_server_knows_it) {
    if (as_the_server_knows_it != process_->id()) {
      return absl::FailedPreconditionError(
          "make a child by the fork server: it is the first process of a pid namespace, whose children "
          "can't be this process's own; start the child by spawn");
    }
    children_are_ours_.store(false);
    return absl::OkStatus();
  }

  // Under the connection's lock.
  void ForgetLastChild() { slot_.last_child.store(0); }
  pid_t TakeLastChild() { return static_cast<pid_t>(slot_.last_child.exchange(0)); }

  // Whether it has ended. Killed first if it doesn't answer; a server of another user, who can't be
  // killed, ends when it sees that its client is gone.
  bool End() {
    gone_.store(true);
    (void)process_->Kill();
    connection_->Close();
    return process_->Wait(Deadline::After(kTimeToEnd)).ok();
  }

 private:
  struct UserId {
    uid_t user = getuid(), effective_user = geteuid();
    gid_t group = getgid(), effective_group = getegid();
    bool operator==(const UserId&) const = default;
  };

  const std::shared_ptr<ChildHandle> process_;
  const std::shared_ptr<ServerConnection> connection_;
  SlotWords& slot_;
  const UserId user_;
  std::optional<ProcessContext> as_of_launch_;
  std::atomic<bool> gone_{false};
  std::atomic<bool> children_are_ours_{true};
};

namespace {

absl::Status FailureOf(const ForkReplyHead& reply) {
  switch (reply.step) {
    case ServerStep::kReceive:
      return WithNextStep(OsError(reply.error, "pass handles to the fork server", ""),
                          "raise the limit of open files (ulimit -n) before the server is started");
    case ServerStep::kDirectory:
      return OsError(reply.error, "change to the child's working directory", "");
    case ServerStep::kFork:
      return ForkError(reply.error);
  }
  return absl::InternalError("the fork server failed in an unknown step");
}

absl::StatusOr<ChildHandle> AfterLoss(ForkServer::State& server, Prepared prepared, absl::Status lost) {
  SlotWords& words = SlotWordsOf(prepared.child.slot_head);
  (void)server.End();
  prepared.child.exit_pipe.write.Reset();
  if (prepared.child_is_ours) {
    prepared.child.pid = server.TakeLastChild();
    if (prepared.child.pid == 0) {
      (void)ClaimFirst(words, Claim::kGivenUp);  // should the server be neither dead nor killable
      return lost;
    }
  } else {
    if (ClaimFirst(words, Claim::kGivenUp)) return lost;
    prepared.child.pid = static_cast<pid_t>(words.own_id.load());
    prepared.child.exit_pipe.server = server.connection();
  }
  return AdoptChild(std::move(prepared.child));
}

absl::StatusOr<ChildHandle> Adopt(const ForkServer::State& server, Prepared prepared,
                                  ServerConnection::Answer answer) {
  prepared.child.pid = answer.head.pid;
  prepared.child.exit_pipe.write.Reset();
  if (!answer.handles.empty()) prepared.child.exit_pipe.process = std::move(answer.handles.front());
  if (!prepared.child_is_ours) prepared.child.exit_pipe.server = server.connection();
  return AdoptChild(std::move(prepared.child));
}

}  // namespace

absl::StatusOr<ForkServer> ForkServer::Launch(const ImageRequest& image) {
  absl::StatusOr<SocketPair> sockets = CreateSocketPair();
  if (!sockets.ok()) return sockets.status();
  const NativeHandle servers = sockets->second.get();
  ImageRequest request = image;
  request.attached = {&servers, 1};
  absl::StatusOr<ChildHandle> process = LaunchImage(request);
  if (!process.ok()) return process.status();
  return ForkServer(std::make_shared<State>(State::Kind::kImage, *std::move(process), std::move(sockets->first),
                                            image.slot->head()));
}

absl::StatusOr<ForkServer> ForkServer::Copy(const ForkRequest& copy, absl::FunctionRef<int(ForkService&)> serve) {
  absl::StatusOr<SocketPair> sockets = CreateSocketPair();
  if (!sockets.ok()) return sockets.status();
  const SignalsHeldBack signals;
  absl::StatusOr<ChildHandle> process = ForkChild(copy, [&] {
    sockets->first.Reset();
    ForkService service = ForkService::OfCopy(std::move(sockets->second), *copy.slot, &signals.before());
    return serve(service);
  });
  if (!process.ok()) return process.status();
  return ForkServer(std::make_shared<State>(State::Kind::kCopy, *std::move(process), std::move(sockets->first),
                                            copy.slot->head()));
}

ForkServer::ForkServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
ForkServer::ForkServer(ForkServer&&) noexcept = default;
ForkServer& ForkServer::operator=(ForkServer&&) noexcept = default;
ForkServer::~ForkServer() = default;

absl::Status ForkServer::AwaitReady(Deadline deadline) {
  if (state_->is_copy()) return absl::OkStatus();
  const int error = state_->connection()->AwaitGreeting(deadline);
  if (error == EAGAIN) return absl::DeadlineExceededError("the fork server is not ready yet");
  if (error == 0) return absl::OkStatus();
  const bool ended = error == ENOTCONN && state_->process().Wait(Deadline::After(kTimeToEnd)).ok();
  if (!ended) (void)state_->End();
  if (error != ENOTCONN) return OsError(error, "wait for the fork server", "");
  return absl::UnavailableError("the fork server has ended");
}

absl::StatusOr<ChildHandle> ForkServer::Fork(const ImageRequest& request) {
  const std::shared_ptr<State> state = state_;
  for (int attempt = 0;; ++attempt) {
    Prepared prepared;
    prepared.child_is_ours = state->children_are_ours();
    if (absl::Status ready = Prepare(request, state->as_of_launch(), prepared); !ready.ok()) return ready;
    ServerConnection::Answer answer;
    const auto forget = [](void* server) { static_cast<State*>(server)->ForgetLastChild(); };
    switch (state->connection()->Ask(prepared.question, answer, forget, state.get())) {
      case ServerConnection::Outcome::kNotSent:
        return WithNextStep(OsError(answer.error, "send a request to the fork server", ""),
                            "start the child by spawn, or with fewer handles");
      case ServerConnection::Outcome::kGone:
        (void)state->End();
        return absl::UnavailableError("the fork server is gone");
      case ServerConnection::Outcome::kLost:
        return AfterLoss(*state, std::move(prepared), absl::UnavailableError("the fork server is gone"));
      case ServerConnection::Outcome::kNoAnswer:
        return AfterLoss(*state, std::move(prepared),
                         absl::DeadlineExceededError("the fork server did not answer and was killed"));
      case ServerConnection::Outcome::kAnswered:
        break;
    }
    if (answer.head.kind == ReplyKind::kMade) return Adopt(*state, std::move(prepared), std::move(answer));
    if (answer.head.kind != ReplyKind::kNeedsStatusSocket || attempt > 0) return FailureOf(answer.head);
    if (absl::Status taken = state->TakeServersChildren(answer.head.pid); !taken.ok()) return taken;
  }
}

bool ForkServer::Usable() const { return state_->Usable(); }
ChildHandle& ForkServer::process() { return state_->process(); }
void ForkServer::End() { (void)state_->End(); }

}  // namespace progeny::platform
