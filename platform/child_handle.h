// The parent's hold on one running child: waiting for it and ending it.
//
// The handle names one process for ever: a recycled pid is never signalled and never waited for,
// no pid but our own is reaped, no SIGCHLD handler is installed. Whoever else reaps the child
// first (waitpid(-1) in foreign code, SIGCHLD ignored), the status is right where the kernel still
// tells it, else of kind kUnknown, never wrong.
#ifndef PROGENY_PLATFORM_CHILD_HANDLE_H_
#define PROGENY_PLATFORM_CHILD_HANDLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/deadline.h"
#include "platform/exit_status.h"
#include "platform/handle.h"

namespace progeny::platform {

using ProcessId = int64_t;

// Move-only. All member functions but move and destruction may be called from many threads.
// Destroying it lets the child run on; its zombie is then nobody's (see ReapIfEnded).
class ChildHandle {
 public:
  class State;  // per OS
  explicit ChildHandle(std::unique_ptr<State> state);
  ChildHandle(ChildHandle&&) noexcept;
  ChildHandle& operator=(ChildHandle&&) noexcept;
  ~ChildHandle();

  ProcessId id() const;
  // Ready (readable, signalled) once the child has ended. Borrowed; lives as long as this object.
  NativeHandle sentinel() const;

  // Waits for the end, reaps, and keeps the status: later and concurrent calls get the same one.
  // DeadlineExceeded past the deadline.
  absl::StatusOr<ExitInfo> Wait(Deadline deadline);
  // Wait with a deadline that has passed: the status if the child has ended.
  std::optional<ExitInfo> ReapIfEnded();

  // An ended child is no error: what was asked for is so. Interrupt asks like Ctrl-C (SIGINT; an
  // event that the child's own thread turns into its SIGINT handler on Windows), Terminate asks
  // like SIGTERM (Windows: ends at once), Kill ends at once.
  absl::Status Interrupt();
  absl::Status Terminate();
  absl::Status Kill();
  // Ends the child and all its descendants, those as well that are being started meanwhile, and returns
  // once they have been told. Only while the child runs: with its end its children become somebody
  // else's. POSIX: a process that has left the family by the end of its parent (a daemon) isn't
  // found. Windows: everybody that was started in the child's job.
  absl::Status KillTree();

  // Wakes those in the child who wait for `word` of its slot (stop_word.h), after it was set.
  void WakeForStop(const std::atomic<uint32_t>& word);

  // From here on the child outlives this process. Idempotent.
  absl::Status Detach();

 private:
  std::unique_ptr<State> state_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_CHILD_HANDLE_H_
