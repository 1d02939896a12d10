// Waiting for the first of many handles, and waking such a wait from another thread.
#ifndef PROGENY_PLATFORM_WAIT_SET_H_
#define PROGENY_PLATFORM_WAIT_SET_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/deadline.h"
#include "platform/handle.h"

namespace progeny::platform {

// The indices, ascending, of all handles that are ready (readable or at their end; signalled on
// Windows). Any number of handles. DeadlineExceeded past the deadline; InvalidArgument for a handle
// that isn't one.
absl::StatusOr<std::vector<size_t>> WaitForAny(absl::Span<const NativeHandle> handles,
                                               Deadline deadline);

// Makes a WaitForAny that includes handle() return. Set and Clear may be called from any thread.
class Wakeup {
 public:
  static absl::StatusOr<Wakeup> Create();
  NativeHandle handle() const { return ready_.get(); }
  void Set();
  void Clear();

 private:
  Handle ready_;
  Handle writer_;  // the other end, where the system's object has two
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WAIT_SET_H_
