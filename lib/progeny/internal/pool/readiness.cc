#include "progeny/internal/pool/readiness.h"

#include <utility>

#include "platform/deadline.h"
#include "progeny/internal/callbacks.h"
#include "progeny/internal/pool/await.h"

namespace progeny::internal {

void Readiness::Set() {
  std::lock_guard<std::mutex> lock(mu_);
  done_ = true;
  changed_.notify_all();
  if (ready_) ready_->Set();
  for (auto& callback : callbacks_) RunLater(std::move(callback));
  callbacks_.clear();
}

bool Readiness::Wait(absl::Duration timeout) {
  if (done()) return true;
  std::unique_lock<std::mutex> lock(mu_);
  return AwaitFor(changed_, lock, timeout, [this] { return done(); });
}

void Readiness::WhenReady(std::function<void()> callback) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    if (!done_) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  RunLater(std::move(callback));
}

platform::NativeHandle Readiness::Sentinel() {
  std::unique_lock<std::mutex> lock(mu_);
  if (done_) return platform::kNoHandle;
  if (!ready_) {
    absl::StatusOr<platform::Wakeup> ready = platform::Wakeup::Create();
    if (ready.ok()) ready_ = *std::move(ready);
  }
  if (ready_) return ready_->handle();
  changed_.wait(lock, [this] { return done(); });
  return platform::kNoHandle;
}

void HelpUntilReady(detail::PoolCore& core, const Readiness& ready, absl::Duration timeout) {
  if (ready.done() || timeout <= absl::ZeroDuration() || !core.IsOurs()) return;
  const platform::Deadline deadline = platform::Deadline::After(timeout);
  core.Help([&] { return ready.done() || deadline.passed(); });
}

}  // namespace progeny::internal
