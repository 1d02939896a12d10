// The server's part of a fork server.
//
// A server of an image settles down, says that it serves, and waits. One that is a copy is asked for
// nothing as a rule: it settles down when its first request is there (copied_server.h).
//
// Between a request and its answer the server allocates little and waits for nobody: each call that
// fails is an answer, or the server's end, which its client sees as the end of the socket.
//
// Signals: all are blocked while it serves, so that Ctrl-C and the like, meant for the whole group,
// end the client and not the means by which it starts children; SIGKILL and the lifeline end the
// server. A child gets the mask back that was there before. SIGCHLD alone comes through, while the
// server waits, once it has children of its own (own_children.h).
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/error.h"
#include "platform/fork_child.h"
#include "platform/fork_server.h"
#include "platform/pipe.h"
#include "platform/posix/copied_server.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/fork_service_state.h"
#include "platform/posix/served_child.h"
#include "platform/posix/served_fork.h"
#include "platform/posix/stdio_buffers.h"

namespace progeny::platform {
namespace {

constexpr int kClientGoneExitCode = 0;

}  // namespace

absl::Status ForkService::State::Settle() {
  if (before_) {
    if (absl::Status settled = SettleImage(); !settled.ok()) return settled;
  } else {
    AwaitFirstRequest(static_cast<int>(socket_.get()));
  }
  void* const buffer =
      mmap(nullptr, kMostInline, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED) return LastOsError("serve as a fork server: map memory", "");
  inheritance_.buffer = static_cast<std::byte*>(buffer);
  close(slot_descriptor_);  // it is mapped
  return absl::OkStatus();
}

absl::Status ForkService::State::SettleImage() {
  if (const size_t threads = ThreadsInTheWay(); threads > 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "serve as a fork server: ", threads, " other threads run in it (",
        absl::StrJoin(OtherThreads(), ", "), "), whose locks would stay locked in its children; end them in ",
        "preload, start none in static objects, or start children by spawn"));
  }
  inheritance_.environment = DifferenceBetween(before_->environment, EnvironmentBlock());
  moved_ = !(CurrentDirectory() == before_->directory);
  // Whoever waits for the end of the client's output must not wait for the server. What children
  // inherit comes with each request.
  FlushOwnOutput();
  absl::StatusOr<Handle> nothing = OpenNullDevice();
  if (!nothing.ok()) return nothing.status();
  for (int stream : {0, 1, 2}) dup2(static_cast<int>(nothing->get()), stream);
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, &inheritance_.signal_mask) != 0) return LastOsError("block signals", "");
  return absl::OkStatus();
}

absl::StatusOr<HandOver> ForkService::State::Serve(size_t slot_bytes) {
  if (absl::Status settled = Settle(); !settled.ok()) return settled;
  if (before_) {
    ForkReplyHead greeting;
    greeting.kind = ReplyKind::kServes;
    Answer(greeting, Handle());
  }
  while (true) {
    if (own_children_.begun() && !own_children_.AwaitRequest(static_cast<int>(socket_.get()))) {
      _exit(kServerFailedExitCode);
    }
    Receive();
    if (Make()) {
      socket_.Reset();
      home_.Reset();
      return BecomeServedChild(request_, inheritance_, slot_bytes);
    }
    request_.handles.clear();
  }
}

// Ends the process when its client is gone, or the socket is of no more use.
void ForkService::State::Receive() {
  while (true) {
    IncomingMessage incoming;
    incoming.head = &request_.head;
    incoming.head_size = sizeof request_.head;
    incoming.body = inheritance_.buffer;
    incoming.body_room = kMostInline;
    incoming.handles = std::move(request_.handles);
    const int error = ReceiveMessage(static_cast<int>(socket_.get()), kRequestMagic, incoming);
    request_.handles = std::move(incoming.handles);
    request_.next = 0;
    if (error == 0 && WellFormed()) return;
    if (error == ENOTCONN || error == ECONNRESET) _exit(kClientGoneExitCode);
    if (error != EMFILE) _exit(kServerFailedExitCode);
    AnswerFailure(ServerStep::kReceive, error);
    request_.handles.clear();
  }
}

bool ForkService::State::WellFormed() const {
  return request_.Has(kIsSignal) || request_.handles.size() >= Place(kHasEnvironment);
}

void ForkService::State::Answer(ForkReplyHead reply, Handle process) {
  const int handle = static_cast<int>(process.get());
  reply.magic = kReplyMagic;
  reply.handle_count = process.valid() ? 1 : 0;
  OutgoingMessage message;
  message.head = &reply;
  message.head_size = sizeof reply;
  if (process.valid()) message.handles = {&handle, 1};
  if (SendMessage(static_cast<int>(socket_.get()), message).error != 0) _exit(kServerFailedExitCode);
}

void ForkService::State::AnswerFailure(ServerStep step, int error) {
  ForkReplyHead reply;
  reply.kind = ReplyKind::kFailed;
  reply.step = step;
  reply.error = error;
  Answer(reply, Handle());
}

absl::StatusOr<ForkService> ForkService::Begin(HandOver& hand_over, const SharedRegion& slot) {
  if (hand_over.attached.size() != 1) {
    return absl::InvalidArgumentError("serve as a fork server: this process was not launched as one");
  }
  Handle socket = std::move(hand_over.attached.front());
  hand_over.attached.clear();
  return ForkService(std::make_unique<State>(State::Kind::kImage, std::move(socket), slot));
}

ForkService ForkService::OfCopy(Handle socket, const SharedRegion& slot, const void* signal_mask) {
  auto state = std::make_unique<State>(State::Kind::kCopy, std::move(socket), slot);
  state->TakeSignalMask(*static_cast<const sigset_t*>(signal_mask));
  return ForkService(std::move(state));
}

ForkService::ForkService(std::unique_ptr<State> state) : state_(std::move(state)) {}
ForkService::ForkService(ForkService&&) noexcept = default;
ForkService& ForkService::operator=(ForkService&&) noexcept = default;
ForkService::~ForkService() = default;

absl::StatusOr<HandOver> ForkService::Serve(size_t slot_bytes) { return state_->Serve(slot_bytes); }

}  // namespace progeny::platform
