// What this process holds of a child.
#ifndef PROGENY_PLATFORM_WINDOWS_CHILD_STATE_H_
#define PROGENY_PLATFORM_WINDOWS_CHILD_STATE_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "platform/child_handle.h"
#include "platform/handle.h"

namespace progeny::platform {

class ChildHandle::State {
 public:
  struct Parts {
    ProcessId id = 0;
    Handle process;
    Handle job;        // from CreateLifetimeJob, the child in it
    Handle interrupt;  // the event that the child listens to
    std::byte* slot_head = nullptr;  // outlives this; null if the child has no slot
  };
  explicit State(Parts parts)
      : id_(parts.id),
        process_(std::move(parts.process)),
        interrupt_(std::move(parts.interrupt)),
        slot_head_(parts.slot_head),
        job_(std::move(parts.job)) {}
  ~State();

  ProcessId id() const { return id_; }
  NativeHandle process() const { return process_.get(); }
  NativeHandle interrupt() const { return interrupt_.get(); }
  std::byte* slot_head() const { return slot_head_; }
  bool ended() const;
  absl::Status EndWith(uint32_t exit_code);
  absl::Status EndFamily(uint32_t exit_code);
  absl::Status Detach();

 private:
  const ProcessId id_;
  const Handle process_;
  const Handle interrupt_;
  std::byte* const slot_head_;
  absl::Mutex mutex_;
  Handle job_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_CHILD_STATE_H_
