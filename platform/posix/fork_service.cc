// The server's part of a fork server.
//
// A server of an image settles down, says that it serves, and waits. One that is a copy is asked for
// nothing as a rule: it settles down when its first request is there (copied_server.h).
//
// Between a request and its answer the server allocates little and waits for nobody: each call that
// fails is an answer, or the server's end, which its client sees as the end of the socket. Nothing
// that the child needs can fail after it has been made but what a full table of the kernel's could
// refuse; then it ends with kSetupFailedExitCode.
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
#include "platform/posix/fork_server_wire.h"
#include "platform/posix/own_children.h"
#include "platform/posix/process_context.h"
#include "platform/posix/served_child.h"
#include "platform/posix/served_fork.h"
#include "platform/posix/slot_words.h"
#include "platform/posix/stdio_buffers.h"

namespace progeny::platform {
namespace {

constexpr int kClientGoneExitCode = 0;
constexpr int kServerFailedExitCode = 71;

}  // namespace

class ForkService::State {
 public:
  enum class Kind { kImage, kCopy };
  State(Kind kind, Handle socket, const SharedRegion& slot)
      : socket_(std::move(socket)),
        slot_(SlotWordsOf(slot.head())),
        slot_descriptor_(static_cast<int>(slot.handle())) {
    if (kind == Kind::kImage) before_.emplace();
  }

  // Of a copy, which has been forked with all signals blocked: what was there before.
  void TakeSignalMask(const sigset_t& mask) { inheritance_.signal_mask = mask; }
  absl::StatusOr<HandOver> Serve(size_t slot_bytes);

 private:
  absl::Status Settle();
  absl::Status SettleImage();
  void NeedStatusSocket();
  void Receive();
  bool WellFormed() const;
  bool Make();  // true in the child
  bool MakeClients();
  bool MakeOwn();
  void Answer(ForkReplyHead reply, Handle process);
  void AnswerFailure(ServerStep step, int error);
  void PassOnSignal();
  int GoTo(const Handle& directory);
  size_t Place(uint32_t flag) const;

  Handle socket_;
  SlotWords& slot_;
  const int slot_descriptor_;
  // Of an image's server, as it was launched; code of the user's may change it before it serves. A copy
  // has run none, and has one thread.
  std::optional<ProcessContext> before_;
  bool moved_ = false;
  Handle home_;  // the server's directory, once it has had to leave it for a child
  OwnChildren own_children_;
  Inheritance inheritance_;
  ReceivedRequest request_;
};

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

void ForkService::State::PassOnSignal() {
  ForkReplyHead reply;
  reply.kind = ReplyKind::kSignalled;
  reply.error = own_children_.Signal(request_.head.pid, request_.head.signal);
  Answer(reply, Handle());
}

// Where a handle stands in the request: flags before it have one each, the slot and the lifeline
// stand behind the streams.
size_t ForkService::State::Place(uint32_t flag) const {
  size_t place = flag > kLastStream ? kSlotAndLifeline : 0;
  for (uint32_t before = 1; before < flag; before <<= 1) place += request_.Has(before) ? 1 : 0;
  return place;
}

// The server itself goes where the child is to be, so that what fails is its answer.
int ForkService::State::GoTo(const Handle& directory) {
  if (!home_.valid()) {
    const int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (home < 0) return errno;
    home_ = Handle(home);
  }
  return fchdir(static_cast<int>(directory.get())) == 0 ? 0 : errno;
}

bool ForkService::State::Make() {
  if (request_.Has(kIsSignal)) {
    PassOnSignal();
    return false;
  }
  // An in_child or a preload that has changed the directory has the last word, as under spawn.
  const bool elsewhere = request_.Has(kHasDirectory) && !moved_;
  if (elsewhere) {
    if (const int error = GoTo(request_.handles[Place(kHasDirectory)]); error != 0) {
      AnswerFailure(ServerStep::kDirectory, error);
      return false;
    }
  }
  const bool own = own_children_.begun() || request_.Has(kHasStatusSocket);
  if (own ? MakeOwn() : MakeClients()) return true;
  if (elsewhere && fchdir(static_cast<int>(home_.get())) != 0) _exit(kServerFailedExitCode);
  return false;
}

bool ForkService::State::MakeClients() {
  slot_.last_child.store(0, std::memory_order_relaxed);
  ServedFork made = ForkForClient(slot_.last_child);
  if (made.pid == 0) {
    inheritance_.status_can_be_lost = !made.has_handle;
    return true;
  }
  ForkReplyHead reply;
  if (made.pid > 0) {
    reply.kind = ReplyKind::kMade;
    reply.pid = made.pid;
    Answer(reply, std::move(made.process));
  } else if (made.error == ENOSYS) {
    NeedStatusSocket();
  } else {
    AnswerFailure(ServerStep::kFork, made.error);
  }
  return false;
}

void ForkService::State::NeedStatusSocket() {
  ForkReplyHead reply;
  reply.kind = ReplyKind::kNeedsStatusSocket;
  reply.pid = getpid();
  Answer(reply, Handle());
}

// The portable form: the child is the server's, which waits for it.
bool ForkService::State::MakeOwn() {
  if (!request_.Has(kHasStatusSocket)) {
    NeedStatusSocket();
    return false;
  }
  own_children_.Begin();
  const pid_t pid = fork();
  if (pid == 0) {
    own_children_.ForgetInChild();
    return true;
  }
  if (pid < 0) {
    AnswerFailure(ServerStep::kFork, errno);
    return false;
  }
  own_children_.Add(pid, std::move(request_.handles[Place(kHasStatusSocket)]));
  ForkReplyHead reply;
  reply.kind = ReplyKind::kMade;
  reply.pid = pid;
  Answer(reply, Handle());
  return false;
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
