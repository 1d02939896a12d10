// Waiting for a condition under the standard's locks. The pool uses those, not Abseil's: ThreadSanitizer
// takes what Abseil does when a thread first blocks for a race (thread_start.h).
#ifndef PROGENY_INTERNAL_POOL_AWAIT_H_
#define PROGENY_INTERNAL_POOL_AWAIT_H_

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace progeny::internal {

// False once `timeout` has passed and `condition` still doesn't hold. Whoever makes it hold notifies.
template <class Condition>
bool AwaitFor(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, absl::Duration timeout,
              Condition condition) {
  if (timeout == absl::InfiniteDuration()) {
    changed.wait(lock, condition);
    return true;
  }
  // What doesn't fit into the standard's clocks is as good as infinite.
  return changed.wait_for(lock, absl::ToChronoMicroseconds(std::min(timeout, absl::Hours(24 * 365))), condition);
}

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_AWAIT_H_
