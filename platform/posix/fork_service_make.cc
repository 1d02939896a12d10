// How a fork server makes the child that it is asked for, or says why it can't.
//
// Nothing that the child needs can fail after it has been made but what a full table of the kernel's could
// refuse; then it ends with kSetupFailedExitCode.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/posix/fork_service_state.h"
#include "platform/posix/served_fork.h"

namespace progeny::platform {

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

}  // namespace progeny::platform
