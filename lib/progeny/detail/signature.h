// From a callable to the parameters it declares, and from a parameter to the type that travels.
#ifndef PROGENY_DETAIL_SIGNATURE_H_
#define PROGENY_DETAIL_SIGNATURE_H_

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "progeny/callable.h"

namespace progeny::detail {

template <class... T>
struct ParameterList {
  static constexpr size_t kSize = sizeof...(T);
};

// Of a function pointer or a member operator(): R, P... .
template <class T>
struct FunctionSignature;
template <class R, class... P>
struct FunctionSignature<R (*)(P...)> {
  using Result = R;
  using Parameters = ParameterList<P...>;
};
template <class R, class... P>
struct FunctionSignature<R (*)(P...) noexcept> : FunctionSignature<R (*)(P...)> {};
template <class R, class C, class... P>
struct FunctionSignature<R (C::*)(P...)> : FunctionSignature<R (*)(P...)> {};
template <class R, class C, class... P>
struct FunctionSignature<R (C::*)(P...) noexcept> : FunctionSignature<R (*)(P...)> {};
template <class R, class C, class... P>
struct FunctionSignature<R (C::*)(P...) const> : FunctionSignature<R (*)(P...)> {};
template <class R, class C, class... P>
struct FunctionSignature<R (C::*)(P...) const noexcept> : FunctionSignature<R (*)(P...)> {};
template <class R, class C, class... P>
struct FunctionSignature<R (C::*)(P...) &> : FunctionSignature<R (*)(P...)> {};
template <class R, class C, class... P>
struct FunctionSignature<R (C::*)(P...) const&> : FunctionSignature<R (*)(P...)> {};

template <class T>
inline constexpr bool kIsFunctionConstant = false;
template <auto kFunction>
inline constexpr bool kIsFunctionConstant<FunctionConstant<kFunction>> = true;

// A generic callable (templated or overloaded operator()) declares no parameters: its arguments
// travel as decayed copies.
template <class F, class... A>
struct CallSignature {
  static constexpr bool kGeneric = true;
  using Parameters = ParameterList<std::decay_t<A>...>;
};
template <class F, class... A>
  requires requires { &F::operator(); } && (!kIsFunctionConstant<F>)
struct CallSignature<F, A...> {
  static constexpr bool kGeneric = false;
  using Parameters = typename FunctionSignature<decltype(&F::operator())>::Parameters;
};
template <auto kFunction, class... A>
struct CallSignature<FunctionConstant<kFunction>, A...> {
  static constexpr bool kGeneric = false;
  using Parameters = typename FunctionSignature<std::remove_const_t<decltype(kFunction)>>::Parameters;
};

// The type that travels for a parameter: what a view shows is owned by the child for the call.
template <class P>
struct Parameter {
  using Type = std::remove_cvref_t<P>;
  static constexpr bool kIsView = false;
};
template <class P>
  requires std::is_same_v<std::remove_cvref_t<P>, std::string_view>
struct Parameter<P> {
  using Type = std::string;
  static constexpr bool kIsView = true;
};
template <class T>
inline constexpr bool kIsConstSpan = false;
template <class T>
inline constexpr bool kIsConstSpan<absl::Span<const T>> = true;
template <class P>
  requires kIsConstSpan<std::remove_cvref_t<P>>
struct Parameter<P> {
  using Type = std::vector<std::remove_const_t<typename std::remove_cvref_t<P>::value_type>>;
  static constexpr bool kIsView = true;
};
template <class P>
using WireOf = typename Parameter<P>::Type;

// What a stored value is called with: views look at it, owners are moved, a const one (the parent's
// own object, seen by a forked child) is copied unless the parameter is a const reference.
template <class P, class Stored>
decltype(auto) PassAs(Stored& stored) {
  if constexpr (Parameter<P>::kIsView) {
    return std::remove_cvref_t<P>(stored);
  } else if constexpr (std::is_lvalue_reference_v<P>) {
    return static_cast<const Stored&>(stored);
  } else if constexpr (std::is_const_v<Stored>) {
    return std::remove_const_t<Stored>(stored);
  } else {
    return std::move(stored);
  }
}

// Result types: void and Status have no value; StatusOr<T> has T's; others their own.
template <class R>
struct ResultTraits {
  using Value = R;
};
template <>
struct ResultTraits<absl::Status> {
  using Value = void;
};
template <class T>
struct ResultTraits<absl::StatusOr<T>> {
  using Value = T;
};
template <class R>
using ValueOf = typename ResultTraits<std::decay_t<R>>::Value;

// How a call ends whose value is T: absl::Status for void, absl::StatusOr<T> for others.
template <class T>
struct OutcomeTraits {
  using Type = absl::StatusOr<T>;
};
template <>
struct OutcomeTraits<void> {
  using Type = absl::Status;
};
template <class T>
using OutcomeOf = typename OutcomeTraits<T>::Type;

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_SIGNATURE_H_
