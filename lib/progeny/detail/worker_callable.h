// Callables around callables: what makes a worker's state, and what is given it.
#ifndef PROGENY_DETAIL_WORKER_CALLABLE_H_
#define PROGENY_DETAIL_WORKER_CALLABLE_H_

#include <cstddef>
#include <functional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/detail/call_check.h"
#include "progeny/detail/pool_feed.h"
#include "progeny/detail/signature.h"
#include "progeny/detail/state_box.h"

namespace progeny::detail {

// Travels as `F` does, takes `Parameters`, and does with the two what `Body` says.
template <class Body, class F, class Parameters, bool kStateless = kIsStateless<F>>
struct Around;
template <class Body, class F, class... P>
struct Around<Body, F, ParameterList<P...>, true> {
  static Around Of(const F&) { return {}; }
  auto operator()(P... arguments) const {
    F callable{};
    return Body::Run(callable, std::forward<P>(arguments)...);
  }
};
template <class Body, class F, class... P>
struct Around<Body, F, ParameterList<P...>, false> {
  F callable{};
  static Around Of(F callable) { return {std::move(callable)}; }
  auto operator()(P... arguments) { return Body::Run(callable, std::forward<P>(arguments)...); }
};

// Puts what the callable returns into this process's box.
template <class S>
struct StateMaker {
  template <class F, class... A>
  static absl::Status Run(F& callable, A&&... arguments) {
    using Made = std::invoke_result_t<F&, A...>;
    constexpr bool kFits = std::is_same_v<ValueOf<Made>, S>;
    static_assert(kFits, "progeny: WithState<S> takes a callable that returns S or absl::StatusOr<S>");
    StateBox* const box = CurrentStateBox();
    if (box == nullptr) {
      return absl::FailedPreconditionError("make a worker's state: WithState is for Pool::Create");
    }
    if constexpr (std::is_same_v<std::decay_t<Made>, S>) {
      box->Fill<S>([&]() -> Made { return std::invoke(callable, std::forward<A>(arguments)...); });
    } else if constexpr (kFits) {
      Made made = std::invoke(callable, std::forward<A>(arguments)...);
      if (!made.ok()) return made.status();
      box->Fill<S>([&]() -> S&& { return *std::move(made); });
    }
    return absl::OkStatus();
  }
};

// Calls with this worker's S in front; that there is none is the task's error.
template <class S>
struct StateUser {
  template <class F, class... A>
  static auto Run(F& callable, A&&... arguments)
      -> OutcomeOf<ValueOf<std::invoke_result_t<F&, S&, A...>>> {
    absl::StatusOr<void*> state = FindState(TypeIdentity::Of<S>());
    if (!state.ok()) return state.status();
    S& object = *static_cast<S*>(*state);
    if constexpr (std::is_void_v<std::invoke_result_t<F&, S&, A...>>) {
      std::invoke(callable, object, std::forward<A>(arguments)...);
      return absl::OkStatus();
    } else {
      return std::invoke(callable, object, std::forward<A>(arguments)...);
    }
  }
};

// The parameters that a callable declares; void where it is generic.
template <class F>
struct DeclaredParameters {
  using Type = void;
};
template <class F>
  requires(!CallSignature<F>::kGeneric)
struct DeclaredParameters<F> {
  using Type = typename CallSignature<F>::Parameters;
};

template <class Parameters>
struct WithoutFirst {
  using First = void;
};
template <class First_, class... P>
struct WithoutFirst<ParameterList<First_, P...>> {
  using First = First_;
  using Rest = ParameterList<P...>;
};

// As a pool runs it: a callable whose first parameter is an S&, and that is given one argument less than it
// takes, gets its worker's S. Any other is itself.
template <class F, size_t kArguments>
struct PoolCallableOf {
  using Type = F;
  static F Of(F callable) { return callable; }
};
template <class F, size_t kArguments>
  requires(kIsMutableReference<typename WithoutFirst<typename DeclaredParameters<F>::Type>::First> &&
           WithoutFirst<typename DeclaredParameters<F>::Type>::Rest::kSize == kArguments)
struct PoolCallableOf<F, kArguments> {
  using Split = WithoutFirst<typename DeclaredParameters<F>::Type>;
  using Type = Around<StateUser<std::remove_reference_t<typename Split::First>>, F, typename Split::Rest>;
  static Type Of(F callable) { return Type::Of(std::move(callable)); }
};
template <class F, size_t kArguments>
using PoolCallable = typename PoolCallableOf<F, kArguments>::Type;

// How many arguments an element becomes.
template <template <class, class> class How, class Range>
inline constexpr size_t kArgumentsOf = 1;
template <class Range>
inline constexpr size_t kArgumentsOf<TupleElement, Range> =
    std::tuple_size_v<std::remove_cvref_t<std::ranges::range_reference_t<Range>>>;

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_WORKER_CALLABLE_H_
