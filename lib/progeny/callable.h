// What can run in a child: functions, lambdas without captures, function objects with state.
//
//     progeny::fn<&Foo>                     // a function, static member or template instance
//     [](int x) { return x * x; }           // a lambda without captures
//     Scale{.factor = 3}                    // a function object whose state the codec can carry
//
// To name one is to register it. In another process it is found by the build id of the image it
// lies in and its place there, never by a name.
#ifndef PROGENY_CALLABLE_H_
#define PROGENY_CALLABLE_H_

#include <type_traits>
#include <utility>

#include "progeny/codec.h"

namespace progeny {
namespace detail {

// A function as a type, so that a process with another address space can name it.
template <auto kFunction>
struct FunctionConstant {
  static_assert(std::is_pointer_v<decltype(kFunction)> &&
                    std::is_function_v<std::remove_pointer_t<decltype(kFunction)>>,
                "progeny::fn<&Foo> takes a function or a static member function; for a member "
                "function, pass a lambda that calls it");

  // Constrained: a wrong argument is call_check.h's to tell, not this body's.
  template <class... A>
    requires std::is_invocable_v<decltype(kFunction), A...>
  decltype(auto) operator()(A&&... arguments) const {
    return kFunction(std::forward<A>(arguments)...);
  }
};

template <class F>
inline constexpr bool kIsStateless = std::is_class_v<F> && std::is_empty_v<F> &&
                                     std::is_default_constructible_v<F> &&
                                     std::is_copy_constructible_v<F>;

}  // namespace detail

template <auto kFunction>
inline constexpr detail::FunctionConstant<kFunction> fn{};

// True for what Start, Async, Call and pools accept as a callable.
template <class F>
concept PortableCallable =
    std::is_class_v<F> && (detail::kIsStateless<F> || Portable<F>);

}  // namespace progeny

#endif  // PROGENY_CALLABLE_H_
