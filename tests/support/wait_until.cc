#include "support/wait_until.h"

#include "absl/time/clock.h"

namespace progeny::tests {

bool WaitUntil(absl::FunctionRef<bool()> condition, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (!condition()) {
    if (absl::Now() >= deadline) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

}  // namespace progeny::tests
