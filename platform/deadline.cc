#include "platform/deadline.h"

#include <algorithm>

namespace progeny::platform {

Deadline Deadline::After(absl::Duration timeout) {
  const Clock::time_point now = Clock::now();
  if (timeout <= absl::ZeroDuration()) return Deadline(now);
  // Centuries ahead is never; this also keeps the sum below from overflowing.
  if (timeout >= absl::Hours(24 * 365 * 100)) return Infinite();
  return Deadline(now + std::chrono::ceil<Clock::duration>(absl::ToChronoNanoseconds(timeout)));
}

absl::Duration Deadline::Remaining() const {
  if (infinite()) return absl::InfiniteDuration();
  return std::max(absl::FromChrono(when_ - Clock::now()), absl::ZeroDuration());
}

int Deadline::RemainingMilliseconds() const {
  if (infinite()) return -1;
  constexpr int64_t kLongest = int64_t{1} << 30;
  const absl::Duration rounded_up = absl::Ceil(Remaining(), absl::Milliseconds(1));
  return static_cast<int>(std::min(absl::ToInt64Milliseconds(rounded_up), kLongest));
}

}  // namespace progeny::platform
