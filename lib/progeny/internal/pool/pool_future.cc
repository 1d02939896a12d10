// The future of one task of a pool.
#include <atomic>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"
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

std::unique_ptr<FutureCore> Failed(const std::shared_ptr<PoolCore>& core, const absl::Status& status) {
  auto outcome = std::make_shared<SingleOutcome>();
  outcome->Set(status);
  return std::make_unique<PoolFuture>(core, nullptr, std::move(outcome));
}

Elements OneElement(Submission submission) {
  Elements elements;
  elements.count = 1;
  elements.submitted = true;
  elements.awaited = submission == Submission::kAwaited;
  return elements;
}

std::unique_ptr<FutureCore> SubmitBy(const std::shared_ptr<PoolCore>& core, const PoolEntryNode* node, Submission submission,
                                     absl::FunctionRef<absl::Status(const std::shared_ptr<PoolWork>&)> enqueue) {
  if (!core->IsOurs()) {
    return Failed(core, absl::FailedPreconditionError("this pool belongs to this process's parent"));
  }
  auto outcome = std::make_shared<SingleOutcome>();
  if (submission == Submission::kAwaited) outcome->WillTake();
  CallRequest request;
  request.node = node;
  request.sink = outcome;
  std::shared_ptr<PoolWork> work = core->Begin(std::move(request));
  const absl::Status enqueued = enqueue(work);
  // Also if it failed: this thread may drive already.
  if (submission == Submission::kAwaited) core->Help([&] { return !enqueued.ok() || outcome->ready().done(); });
  if (!enqueued.ok()) return Failed(core, enqueued);
  return std::make_unique<PoolFuture>(core, std::move(work), std::move(outcome));
}

}  // namespace

std::unique_ptr<FutureCore> SubmitToPool(const std::shared_ptr<PoolCore>& core,
                                         const PoolEntryNode* node,
                                         absl::StatusOr<EncodedCall> encoded, Submission submission) {
  if (!encoded.ok()) return Failed(core, encoded.status());
  Elements elements = OneElement(submission);
  elements.flat = encoded->flat;
  elements.state_inline = !encoded->flat;
  elements.block_at = encoded->block_at;
  elements.bytes = std::move(encoded->bytes);
  elements.kept = std::move(encoded->kept);
  return SubmitBy(core, node, submission, [&](const std::shared_ptr<PoolWork>& work) {
    core->Enqueue(work, std::move(elements));
    return absl::OkStatus();
  });
}

std::unique_ptr<FutureCore> SubmitToPool(const std::shared_ptr<PoolCore>& core, const PoolEntryNode* node,
                                         const PlainCall& call, Submission submission) {
  Elements elements = OneElement(submission);
  elements.state_inline = true;
  elements.block_at = call.block_at;
  return SubmitBy(core, node, submission, [&](const std::shared_ptr<PoolWork>& work) -> absl::Status {
    const auto thrown = platform::RunCatching(
        [&] { core->EnqueueInPlace(work, std::move(elements), call.size, call.write); });
    if (!thrown) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat("encode a call of ", call.size, " bytes: out of memory"));
  });
}

}  // namespace progeny::detail
