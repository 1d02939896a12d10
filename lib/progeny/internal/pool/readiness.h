// That something of a pool's has become ready, for all the ways in which a future may ask.
#ifndef PROGENY_INTERNAL_POOL_READINESS_H_
#define PROGENY_INTERNAL_POOL_READINESS_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "platform/wait_set.h"
#include "progeny/detail/pool_core.h"

namespace progeny::internal {

// Thread-safe. Set happens once; what was written before it is seen by whoever has seen it.
class Readiness {
 public:
  void Set();
  bool done() const { return done_.load(std::memory_order_acquire); }
  bool Wait(absl::Duration timeout);
  // On the thread of callbacks, once it is ready.
  void WhenReady(std::function<void()> callback);
  // For FutureCore::sentinel. Where no handle is to be had this is the wait itself.
  platform::NativeHandle Sentinel();

 private:
  std::mutex mu_;
  std::condition_variable changed_;
  std::atomic<bool> done_{false};  // set under mu_
  std::vector<std::function<void()>> callbacks_;  // these under mu_
  std::optional<platform::Wakeup> ready_;
};

// Waits as long as the pool has something to do that the caller can do (PoolCore::Help).
void HelpUntilReady(detail::PoolCore& core, const Readiness& ready, absl::Duration timeout);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_READINESS_H_
