// Many tasks over a few processes that stay.
//
//     absl::StatusOr<progeny::Pool> pool = progeny::Pool::Create({.workers = 4});
//     progeny::Future<int> answer = pool->Submit(progeny::fn<&Count>, "path");
//     absl::StatusOr<std::vector<int>> all = pool->Map(progeny::fn<&Count>, paths);
//
// A worker that dies takes down the one task that it was running: that task is Aborted with the
// exit status (or tried again, PoolOptions::retries), a new worker takes its place, and tasks that had
// not started move to others. A task that runs longer than task_timeout is DeadlineExceeded and one
// that is cancelled Cancelled; in both cases its worker's process is killed and replaced.
#ifndef PROGENY_POOL_H_
#define PROGENY_POOL_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "progeny/call.h"
#include "progeny/detail/pool_core.h"
#include "progeny/detail/pool_entry.h"
#include "progeny/future.h"
#include "progeny/pool_options.h"

namespace progeny {

// Move-only; its member functions may be called from many threads. In a forked child of the process
// that made it they answer FailedPrecondition, and the destructor does nothing.
class Pool {
 public:
  // Starts the workers. Errors leave nothing behind: InvalidArgument names the option that makes no
  // sense, FailedPrecondition the missing MainGuard, or that pools are nested 8 deep already.
  static absl::StatusOr<Pool> Create(PoolOptions options = {}) {
    return Owner(detail::PoolCore::Create(std::move(options), {}));
  }
  // `init` runs once in every worker, before any task. If it fails, or the worker dies in it, twice
  // running, the pool is closed and every future gets that status.
  template <class Init, class... Args>
  static absl::StatusOr<Pool> Create(PoolOptions options, Init init, Args&&... args) {
    if constexpr (detail::CheckCall<true, Init, Args&&...>()) {
      absl::StatusOr<std::vector<std::byte>> bytes =
          Encoded<Init, Args&&...>(init, std::forward<Args>(args)...);
      if (!bytes.ok()) return bytes.status();
      return Owner(detail::PoolCore::Create(std::move(options), {NodeOf<Init, Args&&...>(), *std::move(bytes)}));
    } else {
      return absl::InvalidArgumentError("refused by the compiler");
    }
  }

  Pool(Pool&&) noexcept = default;
  Pool& operator=(Pool&& other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  // Close, then Join without limit.
  ~Pool();

  // Arguments as for Process::Start. What can't be encoded, and a closed pool, is the future's status.
  // Destroying the future lets go of it; the task runs all the same.
  template <class F, class... Args>
  Future<detail::AnswerOf<F, Args&&...>> Submit(F f, Args&&... args) {
    using Result = Future<detail::AnswerOf<F, Args&&...>>;
    if constexpr (detail::CheckCall<true, F, Args&&...>()) {
      return Result(detail::SubmitToPool(core_, NodeOf<F, Args&&...>(),
                                         Element<F, Args&&...>(f, std::forward<Args>(args)...)));
    } else {
      return Result(nullptr);
    }
  }
  template <class F, class... Args>
  detail::OutcomeOf<detail::AnswerOf<F, Args&&...>> Apply(F f, Args&&... args) {
    return Submit(std::move(f), std::forward<Args>(args)...).Get();
  }

  // No more work is taken; what was submitted is finished, then the workers end.
  void Close();
  // What hasn't an outcome becomes Cancelled, and the workers are killed. Doesn't wait.
  void Terminate();
  // After Close or Terminate: waits until every task has its outcome and every worker has ended.
  // DeadlineExceeded past the timeout; FailedPrecondition when the pool is open.
  absl::Status Join(absl::Duration timeout = absl::InfiniteDuration());

  PoolStats stats() const;

 private:
  explicit Pool(std::shared_ptr<detail::PoolCore> core) : core_(std::move(core)) {}
  static absl::StatusOr<Pool> Owner(absl::StatusOr<std::shared_ptr<detail::PoolCore>> core);

  template <class F, class... A>
  static const detail::PoolEntryNode* NodeOf() {
    return &detail::PoolEntry<F, typename detail::CallSignature<F, A...>::Parameters>::node;
  }
  // State, then arguments.
  template <class F, class... A>
  static absl::StatusOr<std::vector<std::byte>> Encoded(const F& f, A... args) {
    std::vector<std::byte> bytes;
    absl::Status status = detail::EncodeCall<F, A...>(bytes, f, std::forward<A>(args)...);
    if (!status.ok()) return status;
    return bytes;
  }
  // The same behind its size.
  template <class F, class... A>
  static absl::StatusOr<std::vector<std::byte>> Element(const F& f, A... args) {
    std::vector<std::byte> bytes;
    detail::BeginElement(bytes);
    absl::Status status = detail::EncodeCall<F, A...>(bytes, f, std::forward<A>(args)...);
    if (!status.ok()) return status;
    detail::EndElement(bytes, 0);
    return bytes;
  }

  std::shared_ptr<detail::PoolCore> core_;
};

}  // namespace progeny

#endif  // PROGENY_POOL_H_
