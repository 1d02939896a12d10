// One child of this process, as Process, Future and ActiveChildren share it.
#ifndef PROGENY_INTERNAL_CHILD_H_
#define PROGENY_INTERNAL_CHILD_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "progeny/crash_reports.h"
#include "progeny/exit_status.h"
#include "progeny/internal/slot.h"
#include "progeny/internal/stop_ladder.h"
#include "progeny/internal/stream_end.h"
#include "progeny/process_options.h"
#include "progeny/this_process.h"

namespace progeny::detail {

// The parent's ends of a child's standard streams; null where it isn't a pipe.
struct StreamEnds {
  std::shared_ptr<StreamEnd> in, out, err;
};

// Thread-safe. In a forked child of the process that started it, everything is FailedPrecondition.
class Child {
 public:
  struct Parts {
    std::string name;
    StartMethod start_method;
    std::vector<internal::StopStep> ladder;
    bool daemon;
    StreamEnds streams;
  };
  Child(platform::ChildHandle handle, internal::Slot slot, Parts parts);
  ~Child();

  ProcessId id() const { return handle_.id(); }
  const std::string& name() const { return parts_.name; }
  StartMethod start_method() const { return parts_.start_method; }
  const StreamEnds& streams() const { return parts_.streams; }
  NativeHandle sentinel() const { return handle_.sentinel(); }

  // False in a forked child of the process that started it.
  bool IsOurs() const;
  absl::StatusOr<ExitStatus> Join(absl::Duration timeout);
  std::optional<ExitStatus> exit_status();
  // Of an ended child: the most that it ever had resident, where this system tells.
  std::optional<platform::PeakMemory> peak_memory();
  absl::Status failure();
  std::optional<CrashReport> crash_report();
  // Only once the child has ended: the bytes its code has returned, or the status why there are none.
  absl::StatusOr<std::vector<std::byte>> Answer();

  absl::Status RequestStop();
  absl::Status Interrupt();
  absl::Status Terminate();
  absl::Status Kill();
  absl::Status KillTree();
  absl::StatusOr<ExitStatus> Stop(absl::Duration timeout);
  const std::vector<internal::StopStep>& ladder() const { return parts_.ladder; }
  void Detach();
  bool detached() const { return detached_.load(); }

  // What the destruction of an owner means: a daemon is ended, others are asked to stop and joined.
  void EndOfOwner();

 private:
  absl::Status CheckOurs() const;
  absl::Status EndedBeforeItAnswered(const ExitStatus& status);
  absl::Status NeverReachedGuard(const ExitStatus& status) const;

  platform::ChildHandle handle_;
  internal::Slot slot_;
  const Parts parts_;
  const uint64_t generation_;
  std::atomic<bool> detached_{false};
};

// All that run, in the order of their start; forgets those that have ended.
std::vector<std::shared_ptr<Child>> RunningChildren();
void Register(const std::shared_ptr<Child>& child);
// In a forked child: the parent's ends of its other children's streams, which it has inherited, so
// that those children still see the end of their input.
void CloseParentsStreams();

}  // namespace progeny::detail

#endif  // PROGENY_INTERNAL_CHILD_H_
