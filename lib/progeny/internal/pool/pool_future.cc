// The future of one task of a pool.
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "platform/wait_set.h"
#include "progeny/detail/pool_core.h"
#include "progeny/internal/callbacks.h"

namespace progeny::detail {
namespace {

// Told by the pool, once; looked at by any number of threads.
class SingleOutcome final : public OutcomeSink {
 public:
  void OnValue(int64_t, absl::Span<const std::byte> bytes) override {
    Set(std::vector<std::byte>(bytes.begin(), bytes.end()));
  }
  void OnStatus(int64_t, absl::Status status) override { Set(std::move(status)); }
  void OnMeasured(int64_t, absl::Duration) override {}

  void Set(absl::StatusOr<std::vector<std::byte>> outcome) {
    absl::MutexLock lock(&mu_);
    outcome_ = std::move(outcome);
    done_ = true;
    if (ready_) ready_->Set();
    for (auto& callback : callbacks_) internal::RunLater(std::move(callback));
    callbacks_.clear();
  }

  bool Wait(absl::Duration timeout) {
    absl::MutexLock lock(&mu_);
    return mu_.AwaitWithTimeout(absl::Condition(&done_), timeout);
  }

  absl::StatusOr<std::vector<std::byte>> Take() {
    absl::MutexLock lock(&mu_);
    return std::move(outcome_);
  }

  void WhenReady(std::function<void()> callback) {
    {
      absl::MutexLock lock(&mu_);
      if (!done_) {
        callbacks_.push_back(std::move(callback));
        return;
      }
    }
    internal::RunLater(std::move(callback));
  }

  NativeHandle Sentinel() {
    absl::MutexLock lock(&mu_);
    if (done_) return -1;
    if (!ready_) {
      absl::StatusOr<platform::Wakeup> ready = platform::Wakeup::Create();
      if (ready.ok()) ready_ = *std::move(ready);
    }
    if (ready_) return ready_->handle();
    // No handle to be had: then this is the wait.
    mu_.Await(absl::Condition(&done_));
    return -1;
  }

 private:
  absl::Mutex mu_;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  absl::StatusOr<std::vector<std::byte>> outcome_ ABSL_GUARDED_BY(mu_);
  std::vector<std::function<void()>> callbacks_ ABSL_GUARDED_BY(mu_);
  std::optional<platform::Wakeup> ready_ ABSL_GUARDED_BY(mu_);
};

class PoolFuture final : public FutureCore {
 public:
  PoolFuture(std::shared_ptr<PoolCore> core, std::shared_ptr<PoolWork> work,
             std::shared_ptr<SingleOutcome> outcome)
      : core_(std::move(core)), work_(std::move(work)), outcome_(std::move(outcome)) {}

  bool Wait(absl::Duration timeout) override { return outcome_->Wait(timeout); }
  absl::StatusOr<std::vector<std::byte>> Take() override { return outcome_->Take(); }
  bool Cancel() override {
    return work_ != nullptr && core_->IsOurs() && core_->Cancel(work_);
  }
  void WhenReady(std::function<void()> ready) override { outcome_->WhenReady(std::move(ready)); }
  void EndOfOwner() override {}  // lets go
  NativeHandle sentinel() const override { return outcome_->Sentinel(); }

 private:
  const std::shared_ptr<PoolCore> core_;
  const std::shared_ptr<PoolWork> work_;  // nullptr: it never began
  const std::shared_ptr<SingleOutcome> outcome_;
};

}  // namespace

std::unique_ptr<FutureCore> SubmitToPool(const std::shared_ptr<PoolCore>& core,
                                         const PoolEntryNode* node,
                                         absl::StatusOr<std::vector<std::byte>> encoded) {
  auto outcome = std::make_shared<SingleOutcome>();
  if (encoded.ok() && !core->IsOurs()) {
    encoded = absl::FailedPreconditionError("this pool belongs to this process's parent");
  }
  if (!encoded.ok()) {
    outcome->Set(encoded.status());
    return std::make_unique<PoolFuture>(core, nullptr, std::move(outcome));
  }
  CallRequest request;
  request.node = node;
  request.sink = outcome;
  std::shared_ptr<PoolWork> work = core->Begin(std::move(request));
  Elements elements;
  elements.count = 1;
  elements.state_inline = true;
  elements.bytes = *std::move(encoded);
  core->Enqueue(work, std::move(elements));
  return std::make_unique<PoolFuture>(core, std::move(work), std::move(outcome));
}

}  // namespace progeny::detail
