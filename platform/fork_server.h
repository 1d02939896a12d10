// A server that makes children of this process by forking itself, with one thread. There are two:
//
// * Of this program's image (or of another one that constructs a MainGuard), clean, holding what the
//   program has it build beforehand: LaunchImage has started it. What a child is given is what
//   LaunchImage would give it: exactly the named handles, this process's standard streams,
//   environment and working directory as they are at the start, an empty signal mask. The server's,
//   as of its launch: umask, limits, priority, ignored signals.
// * A copy of this process, made by ForkChild. Its children are copies of that: memory, descriptors,
//   environment, directory and signal mask are those of the copy, whatever this process has changed
//   since; standard streams and what is named come from this process, as they are at the start.
//
// A server is bound to this process's life like any other child. Requests go over a private pair of
// sockets: it has no address, nobody else can reach it.
//
// Linux: the children are this process's own (CLONE_PARENT); where the kernel, a sandbox or a
// sanitizer stands in the way, and on macOS, they are the server's, which waits for them and passes
// on how they ended. Bound to this process's life they are in either case, whatever becomes of the
// server. Without fork (Windows) everything here is Unimplemented.
#ifndef PROGENY_PLATFORM_FORK_SERVER_H_
#define PROGENY_PLATFORM_FORK_SERVER_H_

#include <cstddef>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/deadline.h"
#include "platform/fork_child.h"
#include "platform/launch.h"
#include "platform/shared_region.h"

namespace progeny::platform {

class ForkService;

// This process's hold on one server. Move-only; all but move, destruction and End may be called from
// many threads. A forked child of this process can't use it: the socket is closed there.
class ForkServer {
 public:
  class State;  // per OS

  // Starts the image. Its guard must take the hand-over and call ForkService::Serve. `image.slot` is
  // the server's own and outlives this object; nothing may be attached to the image.
  static absl::StatusOr<ForkServer> Launch(const ImageRequest& image);

  // A copy of this process and its calling thread. `serve` runs in it, calls Serve, and what it returns
  // is the copy's exit code. Of `copy` the environment and the working directory are the children's
  // too, the streams are nobody's. The slot as above.
  static absl::StatusOr<ForkServer> Copy(const ForkRequest& copy, absl::FunctionRef<int(ForkService&)> serve);

  explicit ForkServer(std::shared_ptr<State> state);
  ForkServer(ForkServer&&) noexcept;
  ForkServer& operator=(ForkServer&&) noexcept;
  // The children live on. A server that isn't told by End ends with this process.
  ~ForkServer();

  // Until the server serves; a copy always does. DeadlineExceeded past the deadline, and it may be asked again;
  // Unavailable once the server has ended: `process()` tells how.
  absl::Status AwaitReady(Deadline deadline);

  // One child, as LaunchImage would start it (`executable` is the server's; of a copy: without
  // environment or working directory it has the copy's). Unavailable: the server
  // is gone and has made no child; another one may. DeadlineExceeded: it didn't answer in twenty
  // seconds, as when it is stopped; it has been killed, and no child is left. Any other error is this
  // child's alone and leaves nothing behind.
  absl::StatusOr<ChildHandle> Fork(const ImageRequest& request);

  // False once the server is known to be gone, or this process has become another user since: its
  // children would still be the former one.
  bool Usable() const;

  // The server itself.
  ChildHandle& process();

  // Ends the server, not its children, and waits for that.
  void End();

 private:
  std::shared_ptr<State> state_;
};

// In the server. One per process.
class ForkService {
 public:
  class State;  // per OS

  // From the server's hand-over and its slot, which outlives this object; before any code of the user's has run, whose changes to the
  // environment and the working directory are then the children's too. InvalidArgument when nobody
  // launched this process as a server.
  static absl::StatusOr<ForkService> Begin(HandOver& hand_over, const SharedRegion& slot);

  explicit ForkService(std::unique_ptr<State> state);
  ForkService(ForkService&&) noexcept;
  ForkService& operator=(ForkService&&) noexcept;
  ~ForkService();

  // Makes children until its client is gone, then ends the process. Returns in each child, with what
  // is its own. FailedPrecondition, in the server, when it has other threads: their locks would stay
  // locked in the children.
  absl::StatusOr<HandOver> Serve(size_t slot_bytes);

 private:
  friend class ForkServer;
  static ForkService OfCopy(Handle socket, const SharedRegion& slot, const void* signal_mask);

  std::unique_ptr<State> state_;
};

// Of the slot of a child that has ended, or of a failed start: nobody else has it, so another child may get
// it. A child that has forked by itself has left it to its own child; and a start that failed because its
// server was killed may have left a child that hasn't seen yet that it is not to begin.
bool SlotIsFree(const SharedRegion& slot);

// The end of a child of a server: writes out what is in its standard streams, runs no exit handler
// of the server's.
[[noreturn]] void EndServedChild(int code);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_FORK_SERVER_H_
