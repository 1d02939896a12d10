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
// * Another thread forks meanwhile: server_connection.cc.
#include "platform/fork_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "platform/error.h"
#include "platform/posix/anonymous_file.h"
#include "platform/posix/child_state.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/fork_error.h"
#include "platform/posix/process_context.h"
#include "platform/posix/server_connection.h"

namespace progeny::platform {
namespace {

constexpr absl::Duration kTimeToEnd = absl::Seconds(5);

struct UserId {
  uid_t user = getuid(), effective_user = geteuid();
  gid_t group = getgid(), effective_group = getegid();
  bool operator==(const UserId&) const = default;
};

}  // namespace

class ForkServer::State {
 public:
  State(ChildHandle process, Handle socket, std::byte* slot_head)
      : process_(std::move(process)),
        connection_(std::make_shared<ServerConnection>(std::move(socket))),
        slot_(SlotWordsOf(slot_head)) {}

  ChildHandle& process() { return process_; }
  const std::shared_ptr<ServerConnection>& connection() const { return connection_; }
  bool Usable() const { return !gone_.load() && user_ == UserId(); }

  const std::string& environment() const { return environment_; }
  const DirectoryId& directory() const { return directory_; }
  bool children_are_ours() const { return children_are_ours_.load(); }
  // From here on. Not where ids mean other processes there than here: nobody could be signalled.
  absl::Status TakeServersChildren() {
    if (own_id_.load() != process_.id()) {
      return absl::FailedPreconditionError(
          "make a child by the fork server: it is the first process of a pid namespace, whose children "
          "can't be this process's own; start the child by spawn");
    }
    children_are_ours_.store(false);
    return absl::OkStatus();
  }
  // As the server knows it.
  void NoteOwnId(pid_t id) { own_id_.store(id); }

  // Under the connection's lock.
  void ForgetLastChild() { slot_.last_child.store(0); }
  pid_t TakeLastChild() { return static_cast<pid_t>(slot_.last_child.exchange(0)); }

  // Whether it has ended. Killed first if it doesn't answer; a server of another user, who can't be
  // killed, ends when it sees that its client is gone.
  bool End() {
    gone_.store(true);
    (void)process_.Kill();
    connection_->Close();
    return process_.Wait(Deadline::After(kTimeToEnd)).ok();
  }

 private:
  ChildHandle process_;
  const std::shared_ptr<ServerConnection> connection_;
  SlotWords& slot_;
  const UserId user_;
  // As of the launch, which the server has by inheritance.
  const std::string environment_ = EnvironmentBlock();
  const DirectoryId directory_ = CurrentDirectory();
  std::atomic<bool> gone_{false};
  std::atomic<bool> children_are_ours_{true};
  std::atomic<pid_t> own_id_{0};
};

namespace {

// One child's request, and what it borrows from until it has been sent.
struct Prepared {
  NewChild child;
  ServerConnection::Question question;
  std::string bytes;                // payload and environment, where both are there
  std::vector<Handle> owned;
};

bool IsOpen(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

void AddStreams(const StandardStreams& streams, ServerConnection::Question& question) {
  int number = 0;
  for (NativeHandle stream : {streams.in, streams.out, streams.err}) {
    const int descriptor = stream == kNoHandle ? number : static_cast<int>(stream);
    if (stream != kNoHandle || IsOpen(descriptor)) {
      question.head.flags |= static_cast<uint32_t>(kHasStream) << number;
      question.handles.push_back(descriptor);
    }
    ++number;
  }
}

absl::Status AddEndOfChild(bool children_are_ours, Prepared& prepared) {
  ServerConnection::Question& question = prepared.question;
  if (children_are_ours) {
    absl::StatusOr<ExitPipe> pipe = PrepareExitPipe();
    if (!pipe.ok()) return pipe.status();
    prepared.child.exit_pipe = *std::move(pipe);
    if (!prepared.child.exit_pipe.write.valid()) return absl::OkStatus();
    question.head.flags |= kHasExitPipe;
    question.handles.push_back(static_cast<int>(prepared.child.exit_pipe.write.get()));
    return absl::OkStatus();
  }
  absl::StatusOr<SocketPair> status = CreateSocketPair();
  if (!status.ok()) return status.status();
  prepared.child.exit_pipe.read = std::move(status->first);
  prepared.child.exit_pipe.write = std::move(status->second);
  question.head.flags |= kHasStatusSocket;
  question.handles.push_back(static_cast<int>(prepared.child.exit_pipe.write.get()));
  return absl::OkStatus();
}

absl::Status AddDirectory(const std::string& named, const DirectoryId& servers, Prepared& prepared) {
  if (named.empty() && CurrentDirectory() == servers) return absl::OkStatus();
  auto directory = AboveStandardStreams(
      open(named.empty() ? "." : named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
      "open the working directory");
  if (!directory.ok()) return directory.status();
  prepared.question.head.flags |= kHasDirectory;
  prepared.question.handles.push_back(static_cast<int>(directory->get()));
  prepared.owned.push_back(*std::move(directory));
  return absl::OkStatus();
}

absl::StatusOr<Handle> WriteFile(absl::string_view payload, absl::string_view environment) {
  absl::StatusOr<Handle> file = CreateAnonymousFile("progeny-hand-over");
  if (!file.ok()) return file;
  size_t offset = sizeof(HandOverHeader);
  for (absl::string_view part : {payload, environment}) {
    const auto bytes = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(part.data()), part.size());
    if (absl::Status put = WriteAt(file->get(), offset, bytes); !put.ok()) return put;
    offset += part.size();
  }
  Freeze(file->get());
  return file;
}

absl::Status AddBody(const ImageRequest& request, const std::string& servers, Prepared& prepared) {
  ServerConnection::Question& question = prepared.question;
  std::string environment = request.setup.environment != nullptr
                                ? EnvironmentBlock(*request.setup.environment)
                                : EnvironmentBlock();
  const bool same = environment == servers;
  if (same) environment.clear();
  if (!same) question.head.flags |= kHasEnvironment;
  question.head.payload_size = request.payload.size();
  question.head.environment_size = environment.size();
  const absl::string_view payload(reinterpret_cast<const char*>(request.payload.data()),
                                  request.payload.size());
  if (payload.size() + environment.size() > kMostInline) {
    absl::StatusOr<Handle> file = WriteFile(payload, environment);
    if (!file.ok()) return file.status();
    question.head.flags |= kHasFile;
    question.handles.push_back(static_cast<int>(file->get()));
    prepared.owned.push_back(*std::move(file));
    return absl::OkStatus();
  }
  question.body = request.payload;
  if (environment.empty()) return absl::OkStatus();
  prepared.bytes.assign(payload);
  prepared.bytes += environment;
  question.body = {reinterpret_cast<const std::byte*>(prepared.bytes.data()), prepared.bytes.size()};
  return absl::OkStatus();
}

absl::Status Prepare(const ImageRequest& request, const ForkServer::State& server,
                     Prepared& prepared) {
  ServerConnection::Question& question = prepared.question;
  question.handles.reserve(8 + request.attached.size());
  prepared.child.slot_head = request.slot->head();
  SlotWordsOf(request.slot->head()).parent = static_cast<uint32_t>(getpid());
  AddStreams(request.setup.streams, question);
  absl::StatusOr<LifelineReader> lifeline = OpenLifeline();
  if (!lifeline.ok()) return lifeline.status();
  prepared.child.lifeline = *std::move(lifeline);
  question.handles.push_back(static_cast<int>(request.slot->handle()));
  question.handles.push_back(static_cast<int>(prepared.child.lifeline.reader.get()));
  if (absl::Status added = AddEndOfChild(server.children_are_ours(), prepared); !added.ok()) return added;
  if (absl::Status added = AddDirectory(request.setup.working_directory, server.directory(), prepared);
      !added.ok()) {
    return added;
  }
  if (absl::Status added = AddBody(request, server.environment(), prepared); !added.ok()) return added;
  for (NativeHandle handle : request.attached) question.handles.push_back(static_cast<int>(handle));
  return absl::OkStatus();
}

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
  if (server.children_are_ours()) {
    prepared.child.pid = server.TakeLastChild();
    if (prepared.child.pid == 0) {
      (void)ClaimBeginning(words);  // should the server be neither dead nor killable
      return lost;
    }
  } else {
    if (ClaimBeginning(words)) return lost;
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
  if (!server.children_are_ours()) prepared.child.exit_pipe.server = server.connection();
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
  return ForkServer(std::make_shared<State>(*std::move(process), std::move(sockets->first),
                                            image.slot->head()));
}

ForkServer::ForkServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
ForkServer::ForkServer(ForkServer&&) noexcept = default;
ForkServer& ForkServer::operator=(ForkServer&&) noexcept = default;
ForkServer::~ForkServer() = default;

absl::Status ForkServer::AwaitReady(Deadline deadline) {
  pid_t id = 0;
  const int error = state_->connection()->AwaitGreeting(deadline, id);
  if (error == EAGAIN) return absl::DeadlineExceededError("the fork server is not ready yet");
  if (error == 0) {
    state_->NoteOwnId(id);
    return absl::OkStatus();
  }
  const bool ended = error == ENOTCONN && state_->process().Wait(Deadline::After(kTimeToEnd)).ok();
  if (!ended) (void)state_->End();
  if (error != ENOTCONN) return OsError(error, "wait for the fork server", "");
  return absl::UnavailableError("the fork server has ended");
}

absl::StatusOr<ChildHandle> ForkServer::Fork(const ImageRequest& request) {
  const std::shared_ptr<State> state = state_;
  for (int attempt = 0;; ++attempt) {
    Prepared prepared;
    if (absl::Status ready = Prepare(request, *state, prepared); !ready.ok()) return ready;
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
    if (absl::Status taken = state->TakeServersChildren(); !taken.ok()) return taken;
  }
}

bool ForkServer::Usable() const { return state_->Usable(); }
ChildHandle& ForkServer::process() { return state_->process(); }
void ForkServer::End() { (void)state_->End(); }

}  // namespace progeny::platform
