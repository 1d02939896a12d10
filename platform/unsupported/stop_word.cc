// There are no children, so nobody asks: what is left is the time.
#include "platform/stop_word.h"

#include "absl/time/clock.h"

namespace progeny::platform {

bool AwaitStopWord(const std::atomic<uint32_t>& word, Deadline deadline) {
  while (word.load(std::memory_order_acquire) == 0) {
    if (deadline.passed()) return false;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return true;
}

}  // namespace progeny::platform
