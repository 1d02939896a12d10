#include "progeny/internal/pool/readiness.h"

#include <utility>

#include "progeny/internal/callbacks.h"

namespace progeny::internal {

void Readiness::Set() {
  absl::MutexLock lock(&mu_);
  done_ = true;
  if (ready_) ready_->Set();
  for (auto& callback : callbacks_) RunLater(std::move(callback));
  callbacks_.clear();
}

bool Readiness::Wait(absl::Duration timeout) {
  absl::MutexLock lock(&mu_);
  return mu_.AwaitWithTimeout(absl::Condition(&done_), timeout);
}

void Readiness::WhenReady(std::function<void()> callback) {
  {
    absl::MutexLock lock(&mu_);
    if (!done_) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  RunLater(std::move(callback));
}

platform::NativeHandle Readiness::Sentinel() {
  absl::MutexLock lock(&mu_);
  if (done_) return platform::kNoHandle;
  if (!ready_) {
    absl::StatusOr<platform::Wakeup> ready = platform::Wakeup::Create();
    if (ready.ok()) ready_ = *std::move(ready);
  }
  if (ready_) return ready_->handle();
  mu_.Await(absl::Condition(&done_));
  return platform::kNoHandle;
}

}  // namespace progeny::internal
