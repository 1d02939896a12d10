// A thread can't wait for a word of memory that another process sets. So the parent sets the child's
// event after the word, and the child's listening thread wakes the waiters. They look at the word
// under the lock that the waking takes: a request that comes between a look and the sleep is never missed.
#include "platform/stop_word.h"

#include "absl/synchronization/mutex.h"
#include "platform/windows/stop_word.h"

namespace progeny::platform {
namespace {

struct Waiters {
  absl::Mutex mutex;
  absl::CondVar woken;
};

// Leaked: threads may wait while static destructors run.
Waiters& State() {
  static Waiters& waiters = *new Waiters;
  return waiters;
}

}  // namespace

bool AwaitStopWord(const std::atomic<uint32_t>& word, Deadline deadline) {
  absl::MutexLock lock(&State().mutex);
  while (word.load(std::memory_order_acquire) == 0) {
    if (deadline.passed()) return false;
    State().woken.WaitWithTimeout(&State().mutex, deadline.Remaining());
  }
  return true;
}

void WakeStopWaitersHere() {
  absl::MutexLock lock(&State().mutex);
  State().woken.SignalAll();
}

}  // namespace progeny::platform
