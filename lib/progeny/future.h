// The result of work in another process, before it is there.
//
//     progeny::Future<int> answer = progeny::Async(progeny::fn<&Count>, "path");
//     absl::StatusOr<int> n = answer.Get(absl::Seconds(10));
#ifndef PROGENY_FUTURE_H_
#define PROGENY_FUTURE_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "progeny/codec.h"
#include "progeny/detail/future_core.h"
#include "progeny/detail/signature.h"

namespace progeny {
namespace detail {

// Shared by a Future and the callbacks that wait for it.
template <class T>
class FutureState {
 public:
  using Outcome = OutcomeOf<T>;

  explicit FutureState(std::unique_ptr<FutureCore> core) : core_(std::move(core)) {}

  FutureCore& core() const { return *core_; }

  // Only when the core is ready. Decodes once, for Get and for callbacks alike.
  const Outcome& Peek() {
    std::lock_guard<std::mutex> lock(mutex_);
    return Decoded();
  }

  Outcome Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(taken_, true)) {
      return absl::FailedPreconditionError("Future::Get: its result has already been taken");
    }
    Outcome& outcome = Decoded();
    if (watched_) return Copied(outcome);  // a callback may still be reading it
    return std::move(outcome);
  }

  void Watch() {
    std::lock_guard<std::mutex> lock(mutex_);
    watched_ = true;
  }
  bool taken() {
    std::lock_guard<std::mutex> lock(mutex_);
    return taken_;
  }

 private:
  Outcome& Decoded() {
    if (outcome_) return *outcome_;
    if (const std::optional<LentBytes> lent = core_->TakeLent()) {
      outcome_.emplace(DecodeSpan(lent->bytes));
    } else {
      outcome_.emplace(Decode(core_->Take()));
    }
    return *outcome_;
  }

  static Outcome Decode(absl::StatusOr<std::vector<std::byte>> bytes) {
    if (!bytes.ok()) return bytes.status();
    return DecodeSpan(*bytes);
  }

  static Outcome DecodeSpan([[maybe_unused]] absl::Span<const std::byte> bytes) {
    if constexpr (std::is_void_v<T>) {
      return absl::OkStatus();
    } else {
      return progeny::Decode<T>(bytes);
    }
  }

  static Outcome Copied(Outcome& outcome) {
    if constexpr (std::is_copy_constructible_v<Outcome>) {
      return outcome;
    } else {
      return std::move(outcome);
    }
  }

  const std::unique_ptr<FutureCore> core_;
  std::mutex mutex_;
  std::optional<Outcome> outcome_;  // these under mutex_
  bool taken_ = false;
  bool watched_ = false;
};

}  // namespace detail

// Move-only; its member functions may be called from many threads. T is `void` for functions that
// return void or absl::Status: then Get gives absl::Status, and OnReady takes one.
//
// ~Future of an Async joins like ~Process, that of a pool lets go. A moved-from Future may only be destroyed or assigned to.
template <class T>
class Future {
 public:
  using Outcome = detail::OutcomeOf<T>;

  explicit Future(std::unique_ptr<detail::FutureCore> core)
      : state_(std::make_shared<detail::FutureState<T>>(std::move(core))) {}
  Future(Future&&) noexcept = default;
  Future& operator=(Future&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Future() {
    if (state_ != nullptr) state_->core().EndOfOwner();
  }

  // The result, once: a second Get is FailedPrecondition. Past the timeout DeadlineExceeded, and Get
  // may be called again. What the child's code threw is Unknown with a RemoteError; the death of
  // its process Aborted with an ExitStatus.
  Outcome Get(absl::Duration timeout = absl::InfiniteDuration()) {
    if (timeout == absl::InfiniteDuration()) state_->core().WillTake();
    if (!state_->taken() && !state_->core().Wait(timeout)) {
      return absl::DeadlineExceededError("Future::Get: the result is not there yet");
    }
    return state_->Take();
  }

  bool Ready() const { return state_->core().Wait(absl::ZeroDuration()); }
  bool Wait(absl::Duration timeout = absl::InfiniteDuration()) const {
    return state_->core().Wait(timeout);
  }

  // Ends the process that works on it; Get is Cancelled. Of a pool: what hasn't started is dropped, and
  // a process that works on it is replaced. False when it was already ready.
  bool Cancel() { return state_->core().Cancel(); }

  // Calls `ready` with the result: on a thread of progeny's, or at once when it is there. May be
  // called several times. What `ready` throws is logged and dropped.
  // A T that can only be moved: call Get after `ready` has run.
  void OnReady(std::function<void(const Outcome&)> ready) {
    state_->Watch();
    state_->core().WhenReady(
        [held = state_, call = std::move(ready)] {
          call(held->Peek());
        });
  }

  // The same without looking at the result: it is still Get's to take.
  void WhenReady(std::function<void()> ready) { state_->core().WhenReady(std::move(ready)); }

  // For WaitAny: ready when this future is; -1 when it is already.
  NativeHandle sentinel() const { return state_->core().sentinel(); }

 private:
  std::shared_ptr<detail::FutureState<T>> state_;
};

}  // namespace progeny

#endif  // PROGENY_FUTURE_H_
