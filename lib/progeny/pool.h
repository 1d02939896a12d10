// Many tasks over a few processes that stay.
//
//     absl::StatusOr<progeny::Pool> pool = progeny::Pool::Create({.workers = 4});
//     progeny::Future<int> answer = pool->Submit(progeny::fn<&Count>, "path");
//     absl::StatusOr<std::vector<int>> all = pool->Map(progeny::fn<&Count>, paths);
//
// A worker that dies takes down the one task that it was running: that task is Aborted with the
// exit status, in words with peak memory and a reported crash's stack (or tried again, PoolOptions::retries),
// a new worker takes its place, and tasks that had not started move to others.
//
// A late (task_timeout) or cancelled task is DeadlineExceeded or Cancelled at once. Then its worker goes up
// the ladder of ProcessOptions::stop and is replaced: asked to stop (a task may poll StopRequested() and
// return: its worker ends by itself), terminated, killed after `grace`; by default no time lies between the
// first two. SIGTERM has its default action in workers until an initialiser or a task sets another, SIGINT
// is ignored: the step `interrupt` reaches nobody. Windows: terminating is killing. A worker that hangs when
// it is to leave (in AtExit functions, say) has `grace`, then it goes up the same ladder.
//
// Under kFork the thread that calls Create forks the first workers, and before them a template process,
// from which replacements are forked later: never from this process, beside its threads. A replacement
// has the memory, descriptors, environment and directory of Create, whatever has changed here since. If
// somebody kills the template, Log tells so and workers that end are not replaced any more; with the
// last of them the pool ends, and every future gets Unavailable.
#ifndef PROGENY_POOL_H_
#define PROGENY_POOL_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "progeny/call.h"
#include "progeny/detail/flat_answer.h"
#include "progeny/detail/pool_call.h"
#include "progeny/detail/pool_core.h"
#include "progeny/detail/pool_entry.h"
#include "progeny/detail/pool_run.h"
#include "progeny/detail/pool_source.h"
#include "progeny/detail/worker_callable.h"
#include "progeny/exit_status.h"
#include "progeny/future.h"
#include "progeny/mapped_range.h"
#include "progeny/pool_options.h"

namespace progeny {

// Move-only; its member functions may be called from many threads. In a forked child of the process
// that made it they answer FailedPrecondition, and the destructor does nothing.
class Pool {
  template <class F, class... Args>
  using AnswerOf = detail::AnswerOf<detail::PoolCallable<F, sizeof...(Args)>, Args&&...>;

 public:
  // Starts the workers. Errors leave nothing behind: InvalidArgument names the option that makes no
  // sense, FailedPrecondition the missing MainGuard, or that pools are nested 8 deep already.
  static absl::StatusOr<Pool> Create(PoolOptions options = {}) {
    return Owner(detail::PoolCore::Create(std::move(options), {}));
  }
  // `init` runs once in every worker, before any task. If it fails, or the worker dies in it, twice
  // running, the pool is closed and every future gets that status. worker_state.h: an init that makes something.
  template <class Init, class... Args>
  static absl::StatusOr<Pool> Create(PoolOptions options, Init init, Args&&... args) {
    if constexpr (detail::CheckCall<true, Init, Args&&...>()) {
      auto call = detail::EncodedCallOf<Init, Args&&...>(init, std::forward<Args>(args)...);
      if (!call.ok()) return call.status();
      return Owner(detail::PoolCore::Create(std::move(options), {detail::NodeOf<Init, Args&&...>(), *std::move(call)}));
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

  // Arguments as for Process::Start, but that a first parameter T& is the worker's own (worker_state.h), here and
  // in all calls below. What can't be encoded, and a closed pool, is the future's status. Destroying the
  // future lets go of it; the task runs all the same.
  template <class F, class... Args>
  Future<AnswerOf<F, Args...>> Submit(F f, Args&&... args) {
    using Task = detail::PoolCallableOf<F, sizeof...(Args)>;
    return Submitted<typename Task::Type, Args&&...>(Task::Of(std::move(f)), detail::Submission::kAsync,
                                                     std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  detail::OutcomeOf<AnswerOf<F, Args...>> Apply(F f, Args&&... args) {
    using Task = detail::PoolCallableOf<F, sizeof...(Args)>;
    return Applied<typename Task::Type, Args&&...>(Task::Of(std::move(f)), std::forward<Args>(args)...);
  }

  // `f` of each element of a range, or of each tuple of arguments (StarMap), in the order of the
  // input. The first error is returned (of those seen the one that stands first), after what was queued
  // has been dropped and what ran has ended. A range that can only be passed once will do; elements are
  // pulled and on_progress is called on this thread, and what they throw is the call's status.
  template <class F, std::ranges::input_range Range>
  auto Map(F f, Range&& range, const MapOptions& options = {}) {
    return All<detail::WholeElement>(f, range, options);
  }
  template <class F, class T>
  auto Map(F f, std::initializer_list<T> list, const MapOptions& options = {}) {
    return All<detail::WholeElement>(f, list, options);
  }
  template <class F, std::ranges::input_range Range>
  auto StarMap(F f, Range&& tuples, const MapOptions& options = {}) {
    return All<detail::TupleElement>(f, tuples, options);
  }
  template <class F, class T>
  auto StarMap(F f, std::initializer_list<T> list, const MapOptions& options = {}) {
    return All<detail::TupleElement>(f, list, options);
  }

  // One outcome per element, errors included; a status only for what the range or on_progress throws.
  template <class F, std::ranges::input_range Range>
  auto MapEach(F f, Range&& range, const MapOptions& options = {}) {
    return Each<detail::WholeElement>(f, range, options);
  }
  template <class F, class T>
  auto MapEach(F f, std::initializer_list<T> list, const MapOptions& options = {}) {
    return Each<detail::WholeElement>(f, list, options);
  }

  // Like Map, but the range is pulled to its end and encoded at once, and the rest happens meanwhile:
  // a Future<std::vector<R>>, or Future<void>.
  template <class F, std::ranges::input_range Range>
  auto MapAsync(F f, Range&& range, const MapOptions& options = {}) {
    return Later<detail::WholeElement>(f, range, options);
  }
  template <class F, std::ranges::input_range Range>
  auto StarMapAsync(F f, Range&& tuples, const MapOptions& options = {}) {
    return Later<detail::TupleElement>(f, tuples, options);
  }

  // An input range of outcomes (mapped_range.h), in the order of the input or as they finish. At most
  // `window` elements are under way or waiting to be taken, so an endless input is fine. An element's
  // error stands in its place and the loop goes on; what the input throws is one last status. An rvalue
  // range is owned, an lvalue must live as long. The pool must live as long as well.
  template <class F, std::ranges::input_range Range>
  auto IMap(F f, Range&& range, const MapOptions& options = {}) {
    return Lazy(f, detail::HeldRange<Range>(std::forward<Range>(range)), options,
                detail::OutcomeOrder::kOfInput);
  }
  template <class F, std::ranges::input_range Range>
  auto IMapUnordered(F f, Range&& range, const MapOptions& options = {}) {
    return Lazy(f, detail::HeldRange<Range>(std::forward<Range>(range)), options,
                detail::OutcomeOrder::kAsFinished);
  }

  // No more work is taken; what was submitted is finished, then the workers end.
  void Close();
  // What hasn't an outcome becomes Cancelled, and the workers are killed, without a ladder. Doesn't wait.
  void Terminate();
  // After Close or Terminate: waits until every task has its outcome and every worker has ended.
  // DeadlineExceeded past the timeout; FailedPrecondition when the pool is open.
  absl::Status Join(absl::Duration timeout = absl::InfiniteDuration());

  PoolStats stats() const;

 private:
  explicit Pool(std::shared_ptr<detail::PoolCore> core) : core_(std::move(core)) {}
  static absl::StatusOr<Pool> Owner(absl::StatusOr<std::shared_ptr<detail::PoolCore>> core);

  template <class F, class... A>
  Future<detail::AnswerOf<F, A...>> Submitted(const F& f, detail::Submission submission, A... args) {
    using Result = Future<detail::AnswerOf<F, A...>>;
    if constexpr (detail::CheckCall<true, F, A...>()) {
      return Result(detail::SubmitCall<F, A...>(core_, f, submission, std::forward<A>(args)...));
    } else {
      return Result(nullptr);
    }
  }
  // What is flat needs neither a future nor memory of its own.
  template <class F, class... A>
  detail::OutcomeOf<detail::AnswerOf<F, A...>> Applied(const F& f, A... args) {
    if constexpr (!detail::CheckCall<true, F, A...>()) {
      return absl::InvalidArgumentError("refused by the compiler");
    } else if constexpr (detail::kIsStateless<F> && detail::kShapeFor<F, A...>.flat()) {
      std::byte bytes[detail::kShapeFor<F, A...>.argument_bytes];
      detail::ArgumentEncoder<typename detail::CallSignature<F, A...>::Parameters, A...>::EncodeFlat(
          bytes, std::forward<A>(args)...);
      detail::FlatAnswer answer;
      core_->Apply(detail::NodeOf<F, A...>(), bytes, answer);
      return answer.Take<detail::AnswerOf<F, A...>>();
    } else {
      return Submitted<F, A...>(f, detail::Submission::kAwaited, std::forward<A>(args)...).Get();
    }
  }
  template <template <class, class> class How, class F, class Range>
  auto All(const F& f, Range& range, const MapOptions& options) {
    using Task = detail::PoolCallableOf<F, detail::kArgumentsOf<How, Range>>;
    using Mapping = detail::MappingOf<How, typename Task::Type, Range>;
    using All = detail::AllOf<typename Mapping::Result>;
    if constexpr (Mapping::Ok()) {
      return All(detail::MapAll<Mapping>(core_, options, Task::Of(f), range));
    } else {
      return All(absl::InvalidArgumentError("refused by the compiler"));
    }
  }
  template <template <class, class> class How, class F, class Range>
  auto Each(const F& f, Range& range, const MapOptions& options) {
    using Task = detail::PoolCallableOf<F, detail::kArgumentsOf<How, Range>>;
    using Mapping = detail::MappingOf<How, typename Task::Type, Range>;
    using Each = absl::StatusOr<std::vector<detail::OutcomeOf<typename Mapping::Result>>>;
    if constexpr (Mapping::Ok()) {
      return Each(detail::MapEachOf<Mapping>(core_, options, Task::Of(f), range));
    } else {
      return Each(absl::InvalidArgumentError("refused by the compiler"));
    }
  }
  template <template <class, class> class How, class F, class Range>
  auto Later(const F& f, Range& range, const MapOptions& options) {
    using Task = detail::PoolCallableOf<F, detail::kArgumentsOf<How, Range>>;
    using Mapping = detail::MappingOf<How, typename Task::Type, Range>;
    using Result = Future<typename detail::AllTraits<typename Mapping::Result>::Values>;
    if constexpr (Mapping::Ok()) {
      return Result(detail::MapLater<Mapping>(core_, options, Task::Of(f), range));
    } else {
      return Result(nullptr);
    }
  }
  template <class F, class Held>
  auto Lazy(const F& f, Held range, const MapOptions& options, detail::OutcomeOrder order) {
    using Task = detail::PoolCallableOf<F, 1>;
    using Mapping = detail::MappingOf<detail::WholeElement, typename Task::Type, Held>;
    using Result = MappedRange<typename Mapping::Result>;
    if constexpr (Mapping::Ok()) {
      return Result(std::make_unique<detail::MapSource<Mapping, typename Task::Type, Held>>(
          core_, options, Task::Of(f), std::move(range), order));
    } else {
      return Result(nullptr);
    }
  }

  std::shared_ptr<detail::PoolCore> core_;
};

// Of the task that this process works on: its element's place in the input of Map and its relatives;
// how many tasks were submitted to the pool before it; -1 outside of a task.
int64_t TaskIndex();
// A number for this task to seed a generator with: the same for any number of workers and any start
// method, another one for each task; it depends on PoolOptions::seed, on which call of the pool's it
// is, and on TaskIndex(). 0 outside of a task.
uint64_t TaskSeed();

}  // namespace progeny

#endif  // PROGENY_POOL_H_
