// Deadlines inside, timeouts at the edge: a public function turns its absl::Duration into a
// Deadline once, and every kernel's form of "how long still" comes from here.
#ifndef PROGENY_PLATFORM_DEADLINE_H_
#define PROGENY_PLATFORM_DEADLINE_H_

#include <chrono>
#include <cstdint>

#include "absl/time/time.h"

namespace progeny::platform {

// A point of the monotonic clock, or never. A value; thread-safe as such.
class Deadline {
 public:
  static Deadline Infinite() { return Deadline(Clock::time_point::max()); }
  // A negative or zero timeout has already passed.
  static Deadline After(absl::Duration timeout);

  bool infinite() const { return when_ == Clock::time_point::max(); }
  bool passed() const { return !infinite() && Clock::now() >= when_; }
  // Zero once passed, InfiniteDuration if infinite.
  absl::Duration Remaining() const;
  // For poll() and WaitForMultipleObjects(): rounded up, so that a wait never ends early; -1 when
  // infinite; at most 2^30 (12 days), so callers loop.
  int RemainingMilliseconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(Clock::time_point when) : when_(when) {}
  Clock::time_point when_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_DEADLINE_H_
