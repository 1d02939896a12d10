// The future of one task of a pool.
#include <atomic>
#include <optional>
#include <utility>

#include "progeny/detail/pool_core.h"
#include "progeny/internal/pool/readiness.h"

namespace progeny::detail {
namespace {

// Told by the pool, once; looked at by any number of threads.
class SingleOutcome final : public OutcomeSink {
 public:
  void OnValues(int64_t, uint32_t, absl::Span<const std::byte> bytes, std::vector<std::byte>& owned) override {
    Set(owned.empty() ? std::vector<std::byte>(bytes.begin(), bytes.end()) : std::move(owned));
  }
  bool OnLent(int64_t, uint32_t, const LentBytes& lent) override {
    if (!has_taker_.load(std::memory_order_relaxed)) return false;
    lent_ = lent;
    ready_.Set();
    return true;
  }
  void OnStatus(int64_t, absl::Status status) override { Set(std::move(status)); }
  void OnMeasured(int64_t, int64_t) override {}

  // Written before the readiness is set, taken after it.
  void Set(absl::StatusOr<std::vector<std::byte>> outcome) {
    outcome_ = std::move(outcome);
    ready_.Set();
  }
  internal::Readiness& ready() { return ready_; }
  absl::StatusOr<std::vector<std::byte>> Take() { return std::move(outcome_); }
  std::optional<LentBytes> TakeLent() { return std::exchange(lent_, std::nullopt); }
  void WillTake() { has_taker_.store(true, std::memory_order_relaxed); }

 private:
  internal::Readiness ready_;
  std::atomic<bool> has_taker_{false};
  std::optional<LentBytes> lent_;
  absl::StatusOr<std::vector<std::byte>> outcome_;
};

class PoolFuture final : public FutureCore {
 public:
  PoolFuture(std::shared_ptr<PoolCore> core, std::shared_ptr<PoolWork> work,
             std::shared_ptr<SingleOutcome> outcome)
      : core_(std::move(core)), work_(std::move(work)), outcome_(std::move(outcome)) {}

  bool Wait(absl::Duration timeout) override {
    internal::HelpUntilReady(*core_, outcome_->ready(), timeout);
    return outcome_->ready().Wait(timeout);
  }
  void WillTake() override { outcome_->WillTake(); }
  std::optional<LentBytes> TakeLent() override { return outcome_->TakeLent(); }
  absl::StatusOr<std::vector<std::byte>> Take() override { return outcome_->Take(); }
  bool Cancel() override {
    return work_ != nullptr && core_->IsOurs() && core_->Cancel(work_);
  }
  void WhenReady(std::function<void()> ready) override { outcome_->ready().WhenReady(std::move(ready)); }
  void EndOfOwner() override {}  // lets go
  NativeHandle sentinel() const override { return outcome_->ready().Sentinel(); }

 private:
  const std::shared_ptr<PoolCore> core_;
  const std::shared_ptr<PoolWork> work_;  // nullptr: it never began
  const std::shared_ptr<SingleOutcome> outcome_;
};

}  // namespace

std::unique_ptr<FutureCore> SubmitToPool(const std::shared_ptr<PoolCore>& core,
                                         const PoolEntryNode* node,
                                         absl::StatusOr<EncodedCall> encoded, Submission submission) {
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
  elements.submitted = true;
  elements.awaited = submission == Submission::kAwaited;
  elements.flat = encoded->flat;
  elements.state_inline = !encoded->flat;
  elements.bytes = std::move(encoded->bytes);
  elements.kept = std::move(encoded->kept);
  if (submission == Submission::kAwaited) outcome->WillTake();
  core->Enqueue(work, std::move(elements));
  if (submission == Submission::kAwaited) core->Help([&] { return outcome->ready().done(); });
  return std::make_unique<PoolFuture>(core, std::move(work), std::move(outcome));
}

}  // namespace progeny::detail
