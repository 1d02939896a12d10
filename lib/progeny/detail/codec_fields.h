// The members of an aggregate struct, found without a word from its author.
//
// Boost.PFR binds the members; how many there are is counted here, for three reasons: PFR counts
// every element of a C array as a member, its refusals are hard errors inside its own templates,
// and it needs more instantiations. Counting: AnyValue converts to whatever an initialiser may be,
// so the largest n for which T{AnyValue...} is well-formed is the number of members with the arrays
// taken apart; writing `{}` at one place instead swallows a whole array, and tells its width.
#ifndef PROGENY_DETAIL_CODEC_FIELDS_H_
#define PROGENY_DETAIL_CODEC_FIELDS_H_

#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "boost/pfr/core.hpp"

namespace progeny::detail {

// As many members as Boost.PFR can bind, and as many initialisers (elements of C arrays included)
// as are tried before the compiler is given up on.
inline constexpr size_t kMaxFields = 100;
inline constexpr size_t kMaxInitialisers = 512;

// A prvalue, so that nothing is copied: even unevaluated, what stands in braces makes clang
// instantiate constexpr copy constructors, and that of vector<unique_ptr<T>> is a hard error. It
// also makes clang want the body, which never runs.
template <size_t>
struct AnyValue {
  template <class U>
  operator U() const&& noexcept {
    std::abort();
  }
};

// Converts to the base classes of T only.
template <class T>
struct AnyBaseOf {
  template <class U>
  requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>) operator U() const&& noexcept {
    std::abort();
  }
};

template <class T, size_t... I>
consteval bool TakesInitialisers(std::index_sequence<I...>) {
  return requires { T{AnyValue<I>{}...}; };
}

template <class T, size_t... I, size_t... J>
consteval bool TakesBracesAt(std::index_sequence<I...>, std::index_sequence<J...>) {
  return requires { T{AnyValue<I>{}..., {}, AnyValue<J>{}...}; };
}

template <class T, size_t... I>
consteval bool TakesBaseFirst(std::index_sequence<I...>) {
  return requires { T{AnyBaseOf<T>{}, AnyValue<I>{}...}; };
}

// A member whose default constructor is explicit (absl::StatusOr has one) makes every T{...} that
// leaves it out ill-formed. Without such members, what takes n initialisers takes fewer, too.
template <class T>
inline constexpr bool kTakesFewer = requires {
  T{};
};

// The largest n in [kLow, kHigh) that `Takes<n>` holds for, or kLow. By halves if it holds for
// everything below.
template <template <class, size_t> class Takes, class Subject, bool kHalves, size_t kLow,
          size_t kHigh>
consteval size_t LargestTaken() {
  if constexpr (kHigh - kLow <= 1) {
    return kLow;
  } else if constexpr (constexpr size_t kTry = kHalves ? kLow + (kHigh - kLow) / 2 : kHigh - 1;
                       !Takes<Subject, kTry>::value) {
    return LargestTaken<Takes, Subject, kHalves, kLow, kTry>();
  } else if constexpr (kHalves) {
    return LargestTaken<Takes, Subject, kHalves, kTry, kHigh>();
  } else {
    return kTry;
  }
}

template <class T, size_t n>
struct TakesInitialiserCount
    : std::bool_constant<TakesInitialisers<T>(std::make_index_sequence<n>())> {};

// Doubles first: nearly all structs are small, and a trial costs as much as it has initialisers.
template <class T, size_t kBound = 8>
consteval size_t CountByDoubling() {
  if constexpr (TakesInitialiserCount<T, kBound>::value && kBound < kMaxInitialisers) {
    return CountByDoubling<T, kBound * 2>();
  } else if constexpr (TakesInitialiserCount<T, kBound>::value) {
    return kBound;
  } else {
    return LargestTaken<TakesInitialiserCount, T, true, 0, kBound>();
  }
}

template <class T, size_t kTry = 0, bool kTookFewer = false>
consteval size_t CountUpwards() {
  constexpr bool kTakes = TakesInitialiserCount<T, kTry>::value;
  if constexpr (kTookFewer && !kTakes) {
    return kTry - 1;
  } else if constexpr (kTry > kMaxFields) {
    return kMaxInitialisers;
  } else {
    return CountUpwards<T, kTry + 1, kTakes>();
  }
}

template <class T>
consteval size_t CountInitialisers() {
  if constexpr (kTakesFewer<T>) {
    return CountByDoubling<T>();
  } else {
    return CountUpwards<T>();
  }
}

template <class T, size_t kBefore>
struct Place {};

template <class Subject, size_t n>
struct TakesAfterBraces;
template <class T, size_t kBefore, size_t n>
struct TakesAfterBraces<Place<T, kBefore>, n>
    : std::bool_constant<TakesBracesAt<T>(std::make_index_sequence<kBefore>(),
                                          std::make_index_sequence<n>())> {};

// How many initialisers the member that begins at `kAt` uses up: 1, or the elements of an array.
template <class T, size_t kTotal, size_t kAt>
consteval size_t WidthAt() {
  using Here = Place<T, kAt>;
  constexpr size_t kRest = kTotal - kAt - 1;
  if constexpr (kRest == 0 || TakesAfterBraces<Here, kRest>::value) {
    return 1;
  } else {
    constexpr size_t kAfter = LargestTaken<TakesAfterBraces, Here, kTakesFewer<T>, 0, kRest>();
    // Nothing taken: braces are no initialiser of this member, so it is no array.
    return TakesAfterBraces<Here, kAfter>::value ? kTotal - kAt - kAfter : 1;
  }
}

template <class T, size_t kTotal, size_t kAt = 0, size_t kFound = 0>
consteval size_t CountMembers() {
  if constexpr (kAt >= kTotal) {
    return kFound;
  } else {
    return CountMembers<T, kTotal, kAt + WidthAt<T, kTotal, kAt>(), kFound + 1>();
  }
}

// For aggregates that are default-constructible.
template <class T>
inline constexpr size_t kInitialiserCount = CountInitialisers<T>();

template <class T>
consteval bool HasBase() {
  if constexpr (kInitialiserCount<T> == 0) {
    return false;
  } else {
    return TakesBaseFirst<T>(std::make_index_sequence<kInitialiserCount<T> - 1>());
  }
}

template <class T>
consteval bool HasTooManyFields() {
  if constexpr (kInitialiserCount<T> >= kMaxInitialisers) {
    return true;
  } else {
    return CountMembers<T, kInitialiserCount<T>>() > kMaxFields;
  }
}

template <class T>
inline constexpr size_t kFieldCount = CountMembers<T, kInitialiserCount<T>>();

// References to the members of `value`; T may be const.
template <class T>
constexpr auto TieFields(T& value) {
  return boost::pfr::detail::tie_as_tuple(
      value, boost::pfr::detail::size_t_<kFieldCount<std::remove_const_t<T>>>{});
}

// Calls `visit` with each member, in the order of declaration.
template <class T, class Visit>
void ForEachField(T& value, Visit visit) {
  auto fields = TieFields(value);
  [&]<size_t... I>(std::index_sequence<I...>) {
    (visit(boost::pfr::detail::sequence_tuple::get<I>(fields)), ...);
  }
  (std::make_index_sequence<kFieldCount<std::remove_const_t<T>>>());
}

template <class... T>
struct TypeList {};

template <class... T>
TypeList<std::remove_reference_t<T>...> ListOf(
    const boost::pfr::detail::sequence_tuple::tuple<T...>&);

template <class T>
using FieldTypes = decltype(ListOf(TieFields(std::declval<T&>())));

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_FIELDS_H_
