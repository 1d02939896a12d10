// Everything that is wrong with a call is told here, at compile time, in one line each: the
// functions behind it are unconstrained templates, so no other error buries it.
#ifndef PROGENY_DETAIL_CALL_CHECK_H_
#define PROGENY_DETAIL_CALL_CHECK_H_

#include <type_traits>
#include <utility>

#include "progeny/detail/signature.h"

namespace progeny::detail {

template <class F, class Parameters>
struct ResultOfCall;
template <class F, class... P>
struct ResultOfCall<F, ParameterList<P...>> {
  static constexpr bool kInvocable =
      std::is_invocable_v<F&, decltype(PassAs<P>(std::declval<WireOf<P>&>()))...>;
};
template <class F, class... P>
  requires std::is_invocable_v<F&, decltype(PassAs<P>(std::declval<WireOf<P>&>()))...>
struct ResultOfCall<F, ParameterList<P...>> {
  static constexpr bool kInvocable = true;
  using Type = std::invoke_result_t<F&, decltype(PassAs<P>(std::declval<WireOf<P>&>()))...>;
};

template <class P>
inline constexpr bool kIsMutableReference =
    std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;
template <class P>
inline constexpr bool kIsPointer = std::is_pointer_v<std::remove_cvref_t<P>> ||
                                   std::is_member_pointer_v<std::remove_cvref_t<P>>;

// Is one argument good for one parameter? Stops at its first fault.
template <class P, class A, bool kGeneric>
constexpr bool CheckArgument() {
  using Given = std::remove_cvref_t<A>;
  if constexpr (kGeneric && (std::is_array_v<Given> || kIsPointer<Given> || Parameter<Given>::kIsView)) {
    static_assert(!sizeof(P), "progeny: a generic callable takes decayed copies, and this argument is a pointer or a view (const char*, string_view, Span): declare its parameter type, or pass a std::string or a vector");
    return false;
  } else if constexpr (kIsMutableReference<P>) {
    static_assert(!sizeof(std::remove_reference_t<P>*), "progeny: a T& parameter would refer to the child's own copy, so its changes would be lost: take a value or const T&, and return the result");
    return false;
  } else if constexpr (kIsPointer<P>) {
    static_assert(!sizeof(P), "progeny: a pointer means nothing in another process: pass the value it points to");
    return false;
  } else if constexpr (std::is_lvalue_reference_v<A> && std::is_same_v<Given, WireOf<P>> && !std::is_copy_constructible_v<Given>) {
    static_assert(!sizeof(P*), "progeny: this argument can only be moved: write std::move(x)");
    return false;
  } else if constexpr (!Portable<WireOf<P>>) {
    static_assert(!sizeof(WireOf<P>*), "progeny: this parameter's type can't travel to another process: make it a struct of types that can, or give it a serialize() (see progeny/codec.h)");
    return false;
  } else if constexpr (!std::is_convertible_v<A, std::remove_cvref_t<P>>) {
    static_assert(!sizeof(WireOf<P>*), "progeny: this argument does not convert to the callable's parameter");
    return false;
  } else {
    return true;
  }
}

template <class F, class Parameters, class... A>
struct ArgumentCheck;
template <class F, class... P, class... A>
struct ArgumentCheck<F, ParameterList<P...>, A...> {
  static constexpr bool Ok() {
    if constexpr (sizeof...(P) != sizeof...(A)) {
      static_assert(!sizeof(F), "progeny: the callable takes another number of arguments");
      return false;
    } else {
      return (CheckArgument<P, A, CallSignature<F, A...>::kGeneric>() && ...);
    }
  }
};

template <class F>
constexpr bool CheckCallable() {
  if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) {
    static_assert(!sizeof(F), "progeny: a function's address means nothing in another process: write progeny::fn<&Foo>");
    return false;
  } else if constexpr (!PortableCallable<F>) {
    static_assert(!sizeof(F), "progeny: this callable has state that can't travel: pass a lambda's captures as arguments, use a function object that the codec can carry, or Process::Fork");
    return false;
  } else {
    return true;
  }
}

// What a Process entry may return: its end is an exit code.
template <class R>
constexpr bool CheckExitResult() {
  constexpr bool ok = std::is_void_v<R> || std::is_same_v<R, int> || std::is_same_v<R, absl::Status>;
  static_assert(ok, "progeny: a process entry returns void, int or absl::Status: for any other result use progeny::Async or progeny::Call");
  return ok;
}

template <class R>
constexpr bool CheckAnswerResult() {
  if constexpr (std::is_void_v<ValueOf<R>>) {
    return true;
  } else {
    static_assert(Portable<ValueOf<R>>, "progeny: this result can't travel back to the parent: return a type that can (see progeny/codec.h)");
    return Portable<ValueOf<R>>;
  }
}

// `kAnswers`: for Async and Call; otherwise for Process.
template <bool kAnswers, class F, class... A>
constexpr bool CheckCall() {
  using Parameters = typename CallSignature<F, A...>::Parameters;
  if constexpr (!CheckCallable<F>()) {
    return false;
  } else if constexpr (!ArgumentCheck<F, Parameters, A...>::Ok()) {
    return false;
  } else if constexpr (!ResultOfCall<F, Parameters>::kInvocable) {
    static_assert(!sizeof(F), "progeny: the callable can't be called with these arguments");
    return false;
  } else if constexpr (kAnswers) {
    return CheckAnswerResult<std::decay_t<typename ResultOfCall<F, Parameters>::Type>>();
  } else {
    return CheckExitResult<std::decay_t<typename ResultOfCall<F, Parameters>::Type>>();
  }
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CALL_CHECK_H_
