// The word is set before the wake, and the kernel compares it again when it puts a waiter to sleep:
// a request that comes between a look and the sleep is never missed.
#include "platform/stop_word.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "absl/time/time.h"
#include "platform/posix/stop_word.h"

namespace progeny::platform {
namespace {

// Not private: the word is in memory that two processes share.
long Futex(const std::atomic<uint32_t>& word, int operation, uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0);
}

}  // namespace

bool AwaitStopWord(const std::atomic<uint32_t>& word, Deadline deadline) {
  while (word.load(std::memory_order_acquire) == 0) {
    if (deadline.passed()) return false;
    const timespec left = absl::ToTimespec(deadline.infinite() ? absl::Hours(1) : deadline.Remaining());
    const bool refused =
        Futex(word, FUTEX_WAIT, 0, &left) != 0 && errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT;
    if (refused) usleep(10'000);  // a sandbox that allows no futex: no faster than it can be told
  }
  return true;
}

void WakeStopWaiters(const std::atomic<uint32_t>& word) { Futex(word, FUTEX_WAKE, INT_MAX, nullptr); }

}  // namespace progeny::platform
