// Waiting for the first, or for all, of several children, futures and handles.
//
//     absl::StatusOr<std::vector<size_t>> ready = progeny::WaitAny({child, future});
#ifndef PROGENY_WAIT_H_
#define PROGENY_WAIT_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "progeny/future.h"
#include "progeny/process.h"

namespace progeny {

// Refers to what it was made from, which must live as long. A value.
class Waitable {
 public:
  Waitable(const Process& process) : handle_(process.sentinel()) {}  // NOLINT: implicit by contract
  template <class T>
  Waitable(const Future<T>& future) : handle_(future.sentinel()) {}  // NOLINT
  Waitable(NativeHandle handle) : handle_(handle) {}                 // NOLINT

  NativeHandle handle() const { return handle_; }

 private:
  NativeHandle handle_;
};

// The indices of all that are ready, ascending. Any number of them, on every OS. DeadlineExceeded past
// the timeout; InvalidArgument when there is nothing to wait for.
absl::StatusOr<std::vector<size_t>> WaitAny(absl::Span<const Waitable> waitables,
                                            absl::Duration timeout = absl::InfiniteDuration());

// Until every one of them is ready.
absl::Status WaitAll(absl::Span<const Waitable> waitables,
                     absl::Duration timeout = absl::InfiniteDuration());

}  // namespace progeny

#endif  // PROGENY_WAIT_H_
