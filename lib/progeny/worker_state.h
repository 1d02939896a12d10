// An object that each of a pool's workers has for itself: a model, a connection, a cache, made once and used
// by all tasks that the worker runs.
//
//     Model Load(const std::string& path);
//     int Score(Model& model, int x);
//
//     auto pool = progeny::Pool::Create({.workers = 4}, progeny::WithState<Model>(progeny::fn<&Load>), path);
//     auto scores = pool->Map(progeny::fn<&Score>, xs);
//
// The object never leaves its worker: it need be neither copyable nor able to travel. A worker runs one task
// at a time, so tasks need no lock for it; threads that they start do. It is made anew in a worker that
// replaces another one, and destroyed when a worker ends by itself (not when it is killed), after the last
// task and before what this_process::AtExit has registered.
//
// A pool inside a task has a state of its own, or none.
#ifndef PROGENY_WORKER_STATE_H_
#define PROGENY_WORKER_STATE_H_

#include <utility>

#include "absl/status/statusor.h"
#include "progeny/detail/state_box.h"
#include "progeny/detail/worker_callable.h"

namespace progeny {

// For Pool::Create in the place of an initialiser, whose rules for arguments and errors hold. `init` returns S
// or absl::StatusOr<S>, and declares its parameters.
template <class S, class Init>
auto WithState(Init init) {
  if constexpr (detail::CheckCallable<Init>()) {
    using Parameters = typename detail::DeclaredParameters<Init>::Type;
    static_assert(!std::is_void_v<Parameters>, "progeny: WithState takes a callable that declares its parameters");
    return detail::Around<detail::StateMaker<S>, Init, Parameters>::Of(std::move(init));
  } else {
    return init;
  }
}

// `f` with its first parameter, an S& or const S&, bound to the worker's object: for all calls of a pool. Only
// needed where that isn't seen from the call: a T& in front is the worker's T by itself, if one argument less
// is passed than `f` takes.
template <class S, class F>
auto OnState(F f) {
  if constexpr (detail::CheckCallable<F>()) {
    using Parameters = typename detail::DeclaredParameters<F>::Type;
    static_assert(!std::is_void_v<Parameters>, "progeny: OnState takes a callable that declares its parameters");
    return detail::Around<detail::StateUser<S>, F, typename detail::WithoutFirst<Parameters>::Rest>::Of(
        std::move(f));
  } else {
    return f;
  }
}

// The worker's object, for code that no parameter reaches. FailedPrecondition: this process is no pool's worker,
// the pool has no state, or one of another type (both are named). The pointer is good until the task ends.
template <class S>
absl::StatusOr<S*> WorkerState() {
  absl::StatusOr<void*> state = detail::FindState(detail::TypeIdentity::Of<S>());
  if (!state.ok()) return state.status();
  return static_cast<S*>(*state);
}

}  // namespace progeny

#endif  // PROGENY_WORKER_STATE_H_
