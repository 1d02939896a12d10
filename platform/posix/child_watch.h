// What ChildHandle needs of a kernel: to be told of one child's end, to reap it, to signal it.
#ifndef PROGENY_PLATFORM_POSIX_CHILD_WATCH_H_
#define PROGENY_PLATFORM_POSIX_CHILD_WATCH_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/exit_status.h"
#include "platform/handle.h"
#include "platform/posix/child_state.h"

namespace progeny::platform {

// Move-only. Reap and Signal exclude each other by the caller's lock; sentinel and pid need none.
// Linux: a pidfd, or the end of a pipe that only the child holds. macOS: a kqueue.
class ChildWatch {
 public:
  // Of a child just started, once per child. An error leaves the child as it is.
  static absl::StatusOr<ChildWatch> Begin(pid_t pid, ExitPipe exit_pipe);
  ChildWatch(ChildWatch&&) noexcept = default;
  ~ChildWatch();

  pid_t pid() const { return pid_; }
  // Pollable (POLLIN) once the child has ended; a hint only where it is the end of a pipe.
  int sentinel() const { return static_cast<int>(sentinel_.get()); }

  // The status if the child has ended; reaps it. Of kind kUnknown if somebody else has reaped it
  // and the kernel doesn't tell any more. Once it has said something it isn't called again.
  std::optional<ExitInfo> Reap();

  // Waits for the end and reaps in one call; nothing where a kernel has no such call. May run beside
  // sentinel() and Signal(), not beside Reap().
  std::optional<ExitInfo> AwaitAndReap();

  // 0, or -1 and errno; ESRCH: it has ended, or is nobody of ours.
  int Signal(int signal);

 private:
  enum class Kind : uint8_t { kProcess, kPipe, kQueue, kServer };
  ChildWatch(pid_t pid, Handle sentinel, Kind kind)
      : pid_(pid), sentinel_(std::move(sentinel)), kind_(kind) {}

  pid_t pid_;
  Handle sentinel_;
  [[maybe_unused]] Kind kind_;  // where a kernel has several
  [[maybe_unused]] pid_t maker_ = 0;  // of a queue: forked children don't inherit it
  std::shared_ptr<ServerConnection> server_;  // whose child it is, if it isn't ours
};

ExitInfo FromWaitStatus(int status);

// Of a child that was reaped: bytes, of whatever unit this kernel counts in.
PeakMemory PeakOf(const rusage& usage);
// The part of it that a program may have from this process, which started it: bytes, 0 where none.
int64_t PeakTakenOver();

// By process id. The child is looked at with WNOWAIT before it is signalled: an id that is no child
// of ours may be anybody's. Nothing while it runs; kUnknown if it is no child of ours.
std::optional<ExitInfo> ReapById(pid_t pid);
int SignalById(pid_t pid, int signal);

// What a fork server tells of the end of a child of its own.
struct ServedEnd {
  int32_t status = 0;      // as wait(2) tells it
  uint32_t reserved = 0;
  int64_t peak_bytes = 0;
};

// Of a fork server's own child: what the server tells, once, over a socket that it and the child hold
// open. Nothing while it runs; kUnknown when both have gone without a word.
std::optional<ExitInfo> ReapFromServer(int status_socket);
// The server signals, as it alone reaps. If it has gone, by id, while the child holds its socket.
int SignalThroughServer(ServerConnection& server, pid_t pid, int status_socket, int signal);

// A moment: until a child that is known to end has become a zombie.
void Nap();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_CHILD_WATCH_H_
