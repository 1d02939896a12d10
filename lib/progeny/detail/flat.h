// Types whose encodings all have the same length, known when they are compiled: numbers, enums, and arrays,
// pairs, tuples and structs of these. Many of them lie one behind the other without a word in between,
// and cost no more than a copy. The bytes are those that the codec writes.
#ifndef PROGENY_DETAIL_FLAT_H_
#define PROGENY_DETAIL_FLAT_H_

#include <cstddef>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "progeny/codec.h"

namespace progeny::detail {

// kSize: the bytes of each T; 0 where T isn't flat.
template <class T>
struct Flat;

template <class T>
inline constexpr size_t kFlatSize = Flat<T>::kSize;

// Of all together; 0 when one isn't flat, and when there is none.
template <class... T>
inline constexpr size_t kFlatSizeOf = ((kFlatSize<T> > 0) && ...) ? (kFlatSize<T> + ... + 0) : 0;

template <class... T>
std::byte* PutFlat(std::byte* to, const T&... values) {
  ((Flat<T>::Put(to, values), to += kFlatSize<T>), ...);
  return to;
}
template <class... T>
const std::byte* GetFlat(const std::byte* from, T&... values) {
  ((Flat<T>::Get(from, values), from += kFlatSize<T>), ...);
  return from;
}

template <class T>
consteval bool IsFlatBlock() {
  if constexpr (Scalar<T>) {
    return kValueBytes<T> == sizeof(T);
  } else {
    return EncodesAsBlock<T>() && DecodesAsBlock<T>();
  }
}

// The encoding of a T is the memory that it lies in: many of them are copied at once.
template <class T>
inline constexpr bool kIsItsEncoding = IsFlatBlock<T>();
template <class... T>
inline constexpr bool kIsItsEncoding<std::tuple<T...>> = false;  // who knows in which order they lie
template <class A, class B>
inline constexpr bool kIsItsEncoding<std::pair<A, B>> =
    kIsItsEncoding<A> && kIsItsEncoding<B> && sizeof(std::pair<A, B>) == sizeof(A) + sizeof(B);

template <class T>
struct Flat {
  static constexpr size_t kSize = IsFlatBlock<T>() ? sizeof(T) : 0;
  static void Put(std::byte* to, const T& value) { std::memcpy(to, &value, sizeof(T)); }
  static void Get(const std::byte* from, T& value) {
    if constexpr (IsBoolean<T>()) {  // any other byte would be no value of it
      value = static_cast<T>(*from != std::byte{0});
    } else {
      std::memcpy(&value, from, sizeof(T));
    }
  }
};

template <class A, class B>
struct Flat<std::pair<A, B>> {
  static constexpr size_t kSize = kFlatSizeOf<A, B>;
  static void Put(std::byte* to, const std::pair<A, B>& pair) { PutFlat(to, pair.first, pair.second); }
  static void Get(const std::byte* from, std::pair<A, B>& pair) { GetFlat(from, pair.first, pair.second); }
};

template <class... T>
struct Flat<std::tuple<T...>> {
  static constexpr size_t kSize = kFlatSizeOf<T...>;
  static void Put(std::byte* to, const std::tuple<T...>& tuple) {
    std::apply([&](const T&... parts) { PutFlat(to, parts...); }, tuple);
  }
  static void Get(const std::byte* from, std::tuple<T...>& tuple) {
    std::apply([&](T&... parts) { GetFlat(from, parts...); }, tuple);
  }
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_FLAT_H_
