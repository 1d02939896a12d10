// How the standard library's single values travel: tuples, optional, variant, pointers that own,
// numbers of other kinds, and paths.
#ifndef PROGENY_DETAIL_CODEC_STD_H_
#define PROGENY_DETAIL_CODEC_STD_H_

#include <bitset>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "progeny/detail/codec_aggregate.h"
#include "progeny/detail/codec_wire.h"

namespace progeny::detail {

template <class A, class B>
struct Wire<std::pair<A, B>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<A, B>;

  static void Put(Encoder& encoder, const std::pair<A, B>& pair) {
    detail::Put(encoder, pair.first);
    detail::Put(encoder, pair.second);
  }
  static void Get(Decoder& decoder, std::pair<A, B>& pair) {
    detail::Get(decoder, pair.first);
    detail::Get(decoder, pair.second);
  }
};

template <class... T>
struct Wire<std::tuple<T...>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<T...>;

  static void Put([[maybe_unused]] Encoder& encoder, const std::tuple<T...>& tuple) {
    std::apply([&](const T&... parts) { (detail::Put(encoder, parts), ...); }, tuple);
  }
  static void Get([[maybe_unused]] Decoder& decoder, std::tuple<T...>& tuple) {
    std::apply([&](T&... parts) { (detail::Get(decoder, parts), ...); }, tuple);
  }
};

template <class T>
struct Wire<std::optional<T>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<T>;

  static void Put(Encoder& encoder, const std::optional<T>& optional) {
    detail::Put(encoder, optional.has_value());
    if (optional.has_value()) detail::Put(encoder, *optional);
  }
  static void Get(Decoder& decoder, std::optional<T>& optional) {
    optional.reset();
    if (decoder.reader().ReadBool()) detail::Get(decoder, optional.emplace());
  }
};

template <>
struct Wire<std::monostate> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder&, const std::monostate&) {}
  static void Get(Decoder&, std::monostate&) {}
};

template <class... T>
struct Wire<std::variant<T...>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<T...>;

  static void Put(Encoder& encoder, const std::variant<T...>& variant) {
    if (variant.valueless_by_exception()) {
      ThrowCodecError(absl::InvalidArgumentError(
          "encode a std::variant: it is valueless, an assignment to it threw; assign to it again"));
    }
    encoder.writer().WriteLength(variant.index());
    std::visit([&](const auto& value) { detail::Put(encoder, value); }, variant);
  }
  static void Get(Decoder& decoder, std::variant<T...>& variant) {
    const uint64_t index = decoder.reader().ReadLength();
    if (index >= sizeof...(T)) decoder.reader().Fail("a std::variant with an index out of range");
    [&]<size_t... I>(std::index_sequence<I...>) {
      ((index == I ? detail::Get(decoder, variant.template emplace<I>()) : void()), ...);
    }
    (std::index_sequence_for<T...>());
  }
};

// A polymorphic object would arrive as its base.
template <class T>
inline constexpr bool kKnownWhole = !std::is_polymorphic_v<T> || std::is_final_v<T>;

template <class T, class Deleter>
struct Wire<std::unique_ptr<T, Deleter>> {
  static constexpr Reason kReason =
      !std::is_same_v<Deleter, std::default_delete<T>> || std::is_array_v<T> ? Reason::kDeleter
      : kKnownWhole<T>                                                       ? Reason::kNone
                                                                             : Reason::kPolymorphic;
  using Parts = TypeList<T>;

  static void Put(Encoder& encoder, const std::unique_ptr<T>& pointer) {
    Level level(encoder);
    detail::Put(encoder, pointer != nullptr);
    if (pointer != nullptr) detail::Put(encoder, *pointer);
  }
  static void Get(Decoder& decoder, std::unique_ptr<T>& pointer) {
    Level level(decoder);
    pointer.reset();
    if (!decoder.reader().ReadBool()) return;
    pointer = std::make_unique<T>();
    detail::Get(decoder, *pointer);
  }
};

// ---- Numbers of other kinds

// std::complex, without its header and the streams that it drags in.
template <class T>
concept Complex = std::is_floating_point_v<typename T::value_type> &&
    requires(T complex, typename T::value_type part) {
  { complex.real() } -> std::same_as<typename T::value_type>;
  { complex.imag() } -> std::same_as<typename T::value_type>;
  complex.real(part);
  complex.imag(part);
};

template <Complex T>
struct Wire<T> {
  static constexpr bool kIsBlock =
      DecodesAsBlock<typename T::value_type>() && sizeof(T) == 2 * sizeof(typename T::value_type);
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, const T& complex) {
    detail::Put(encoder, complex.real());
    detail::Put(encoder, complex.imag());
  }
  static void Get(Decoder& decoder, T& complex) {
    typename T::value_type real, imaginary;
    detail::Get(decoder, real);
    detail::Get(decoder, imaginary);
    complex = T(real, imaginary);
  }
};

// Bits go eight to a byte, the first one lowest; what is left over of the last byte is zero.
template <class Bits>
void PutBits(Encoder& encoder, const Bits& bits, size_t count) {
  for (size_t i = 0; i < count; i += 8) {
    uint8_t byte = 0;
    for (size_t k = 0; k < 8 && i + k < count; ++k) byte |= static_cast<uint8_t>(bits[i + k]) << k;
    encoder.writer().WriteByte(byte);
  }
}

template <class Bits>
void GetBits(Decoder& decoder, Bits& bits, size_t count) {
  for (size_t i = 0; i < count; i += 8) {
    const unsigned byte = decoder.reader().ReadByte();
    if (count - i < 8 && byte >> (count - i) != 0) {
      decoder.reader().Fail("bits behind the last one of a bit set");
    }
    for (size_t k = 0; k < 8 && i + k < count; ++k) bits[i + k] = (byte >> k & 1) != 0;
  }
}

template <size_t n>
struct Wire<std::bitset<n>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, const std::bitset<n>& bits) { PutBits(encoder, bits, n); }
  static void Get(Decoder& decoder, std::bitset<n>& bits) { GetBits(decoder, bits, n); }
};

template <class Allocator>
struct Wire<std::vector<bool, Allocator>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;
  using Bits = std::vector<bool, Allocator>;

  static void Put(Encoder& encoder, const Bits& bits) {
    encoder.writer().WriteLength(bits.size());
    PutBits(encoder, bits, bits.size());
  }
  static void Get(Decoder& decoder, Bits& bits) {
    ByteReader& reader = decoder.reader();
    const uint64_t count = reader.ReadLength();
    if (count / 8 > reader.left()) reader.Fail("a std::vector<bool> longer than the bytes left");
    bits.assign(static_cast<size_t>(count), false);
    GetBits(decoder, bits, bits.size());
  }
};

// ---- std::filesystem::path, without its header

template <class T>
concept Path = requires(const T& path) {
  typename T::string_type;
  T::preferred_separator;
  { path.native() } -> std::same_as<const typename T::string_type&>;
};

template <Path T>
struct Wire<T> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;

  static void Put(Encoder& encoder, const T& path) { detail::Put(encoder, path.native()); }
  static void Get(Decoder& decoder, T& path) {
    typename T::string_type native;
    detail::Get(decoder, native);
    path = T(std::move(native));
  }
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_STD_H_
