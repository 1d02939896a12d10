// How containers travel: those of std (std::pmr too) and absl, and others of the same shape. They
// are known by what they can do, so that no container's header is included here.
//
// A class that merely looks like a container would lose what else it holds. So a container has an
// allocator_type, and is no larger than the class that its size() comes from.
#ifndef PROGENY_DETAIL_CODEC_CONTAINERS_H_
#define PROGENY_DETAIL_CODEC_CONTAINERS_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

#include "progeny/detail/codec_aggregate.h"
#include "progeny/detail/codec_wire.h"

namespace progeny::detail {

template <class Owner, class Result>
Owner OwnerOf(Result (Owner::*)() const noexcept);
template <class Owner, class Result>
Owner OwnerOf(Result (Owner::*)() const);

template <class T>
consteval bool AddsNoState() {
  if constexpr (requires { sizeof(decltype(OwnerOf(&T::size))); }) {
    return sizeof(decltype(OwnerOf(&T::size))) == sizeof(T);
  } else if constexpr (requires { sizeof(decltype(OwnerOf(&T::max_size))); }) {
    return sizeof(decltype(OwnerOf(&T::max_size))) == sizeof(T);  // forward_list has no size()
  } else {
    return true;
  }
}

template <class T>
concept ContainerShaped = std::is_class_v<T> && requires(const T& container) {
  typename T::value_type;
  typename T::allocator_type;
  container.begin();
  container.end();
};

template <class T>
concept Container =
    ContainerShaped<T> && !std::is_aggregate_v<T> && std::is_same_v<T, std::remove_cv_t<T>> &&
    AddsNoState<T>() && !MemberSerialized<T>;

template <class T>
concept Sequence = Container<T> && requires(T& container) {
  { container.emplace_back() } -> std::same_as<typename T::value_type&>;
  container.size();
};

// std::basic_string; of any character, with any allocator.
template <class T>
concept String = Container<T> && requires(T& string) {
  typename T::traits_type;
  string.c_str();
  string.resize(size_t{});
};

template <class T>
concept ForwardList = Container<T> && requires(T& list) {
  list.emplace_after(list.before_begin());
};

template <class T>
concept Associative = Container<T> && requires {
  typename T::key_type;
};

template <class T>
concept Map = Associative<T> && requires {
  typename T::mapped_type;
};

template <class T>
concept Set = Associative<T> && std::is_same_v<typename T::key_type, typename T::value_type>;

// Reserves for what is said to come, but at most as much memory as bytes came: a garbled count
// costs nothing.
template <class T>
void ReserveFor(T& container, size_t count, const ByteReader& reader) {
  if constexpr (requires { container.reserve(count); }) {
    container.reserve(std::min(count, reader.left() / sizeof(typename T::value_type)));
  }
}

// ---- Strings and sequences

// The elements lie in one piece, and their bytes are their encoding.
template <class T, bool kIsBlock>
concept BlockRange = kIsBlock && requires(T& range) {
  { range.data() } -> std::convertible_to<const typename T::value_type*>;
  range.resize(size_t{});
};

// Not by resize(), which would first fill all the memory with zeros. What lies where its elements may lie is
// appended at once, all else through a buffer that stays in the cache.
template <class T>
void AppendBlocks(ByteReader& reader, T& range, size_t count) {
  using Element = typename T::value_type;
  constexpr size_t kPiece = sizeof(Element) < 8192 ? 8192 / sizeof(Element) : 1;
  alignas(Element) std::byte piece[kPiece * sizeof(Element)];
  range.reserve(count);
  if (reader.IsAligned(alignof(Element))) {
    const auto* elements = reinterpret_cast<const Element*>(reader.Take(count * sizeof(Element)));
    range.insert(range.end(), elements, elements + count);
    return;
  }
  while (count > 0) {
    const size_t some = std::min(count, kPiece);
    reader.Read(piece, some * sizeof(Element));
    const auto* elements = reinterpret_cast<const Element*>(piece);
    range.insert(range.end(), elements, elements + some);
    count -= some;
  }
}

template <class T>
void GetBlocks(Decoder& decoder, T& range) {
  using Element = typename T::value_type;
  ByteReader& reader = decoder.reader();
  const size_t count = reader.ReadBlockCount(sizeof(Element));
  range.clear();
  if constexpr (requires { range.reserve(count); } && sizeof(Element) <= 8192) {
    if (count * sizeof(Element) > 65536) return AppendBlocks(reader, range, count);
  }
  range.resize(count);
  reader.Read(range.data(), count * sizeof(Element));
}

template <class T>
requires(Sequence<T> || String<T>) struct Wire<T> {
  using Element = typename T::value_type;
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<Element>;

  static void Put(Encoder& encoder, const T& range) {
    Level level(encoder);
    encoder.writer().WriteLength(range.size());
    if constexpr (BlockRange<T, EncodesAsBlock<Element>()>) {
      encoder.writer().Write(range.data(), range.size() * sizeof(Element));
    } else {
      PutElements(encoder, range);
    }
  }
  static void Get(Decoder& decoder, T& range) {
    Level level(decoder);
    if constexpr (BlockRange<T, DecodesAsBlock<Element>()>) {
      GetBlocks(decoder, range);
    } else {
      const size_t count = decoder.reader().ReadCount();
      range.clear();
      ReserveFor(range, count, decoder.reader());
      for (size_t i = 0; i < count; ++i) detail::Get(decoder, range.emplace_back());
    }
  }
};

template <ForwardList T>
struct Wire<T> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<typename T::value_type>;

  static void Put(Encoder& encoder, const T& list) {
    Level level(encoder);
    encoder.writer().WriteLength(static_cast<uint64_t>(std::distance(list.begin(), list.end())));
    PutElements(encoder, list);
  }
  static void Get(Decoder& decoder, T& list) {
    Level level(decoder);
    const size_t count = decoder.reader().ReadCount();
    list.clear();
    auto last = list.before_begin();
    for (size_t i = 0; i < count; ++i) {
      last = list.emplace_after(last);
      detail::Get(decoder, *last);
    }
  }
};

// ---- Maps and sets

// Not T{}: that asks for an implicit default constructor of every member of an aggregate.
template <class T>
T Fresh() {
  return T();
}

template <class... T>
inline constexpr bool kAreEmpty = (std::is_empty_v<T> && ...);

// The order and the hash are not sent: what arrives is ordered by a default-constructed one, which
// of a function pointer would be null.
template <class T>
consteval Reason OrderReason() {
  if constexpr (requires { typename T::key_compare; }) {
    return kAreEmpty<typename T::key_compare> ? Reason::kNone : Reason::kStatefulOrder;
  } else if constexpr (requires {
                         typename T::hasher;
                         typename T::key_equal;
                       }) {
    return kAreEmpty<typename T::hasher, typename T::key_equal> ? Reason::kNone
                                                                : Reason::kStatefulOrder;
  } else {
    return Reason::kNone;
  }
}

template <Map T>
struct Wire<T> {
  static constexpr Reason kReason = OrderReason<T>();
  using Parts = TypeList<typename T::key_type, typename T::mapped_type>;

  static void Put(Encoder& encoder, const T& map) {
    Level level(encoder);
    encoder.writer().WriteLength(map.size());
    for (const auto& [key, value] : map) {
      detail::Put(encoder, key);
      detail::Put(encoder, value);
    }
  }
  static void Get(Decoder& decoder, T& map) {
    Level level(decoder);
    const size_t count = decoder.reader().ReadCount();
    map.clear();
    ReserveFor(map, count, decoder.reader());
    for (size_t i = 0; i < count; ++i) {
      auto key = Fresh<typename T::key_type>();
      auto value = Fresh<typename T::mapped_type>();
      detail::Get(decoder, key);
      detail::Get(decoder, value);
      map.emplace_hint(map.end(), std::move(key), std::move(value));
    }
    if (map.size() != count) decoder.reader().Fail("a map with one key twice");
  }
};

template <Set T>
struct Wire<T> {
  static constexpr Reason kReason = OrderReason<T>();
  using Parts = TypeList<typename T::key_type>;

  static void Put(Encoder& encoder, const T& set) {
    Level level(encoder);
    encoder.writer().WriteLength(set.size());
    PutElements(encoder, set);
  }
  static void Get(Decoder& decoder, T& set) {
    Level level(decoder);
    const size_t count = decoder.reader().ReadCount();
    set.clear();
    ReserveFor(set, count, decoder.reader());
    for (size_t i = 0; i < count; ++i) {
      auto key = Fresh<typename T::key_type>();
      detail::Get(decoder, key);
      set.emplace_hint(set.end(), std::move(key));
    }
    if (set.size() != count) decoder.reader().Fail("a set with one element twice");
  }
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_CONTAINERS_H_
