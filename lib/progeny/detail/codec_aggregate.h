// How aggregate structs travel: member by member, or, where their bytes are their encoding, as one
// block. codec_fields.h finds the members.
#ifndef PROGENY_DETAIL_CODEC_AGGREGATE_H_
#define PROGENY_DETAIL_CODEC_AGGREGATE_H_

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include "progeny/detail/codec_fields.h"
#include "progeny/detail/codec_wire.h"

namespace progeny::detail {

template <class T>
concept Aggregate = std::is_aggregate_v<T> && std::is_class_v<T> && !MemberSerialized<T> &&
                    std::is_same_v<T, std::remove_cv_t<T>>;

template <class T>
consteval Reason AggregateReason() {
  if constexpr (!std::is_default_constructible_v<T>) {
    return Reason::kNotDefault;
  } else if constexpr (kInitialiserCount<T> == 0 && !std::is_empty_v<T>) {
    return Reason::kUncountable;
  } else if constexpr (HasBase<T>()) {
    return Reason::kBaseClass;
  } else if constexpr (HasTooManyFields<T>()) {
    return Reason::kTooManyFields;
  } else {
    return Reason::kNone;
  }
}

template <class T>
consteval auto PartsOfAggregate() {
  if constexpr (AggregateReason<T>() == Reason::kNone) {
    return FieldTypes<T>();
  } else {
    return TypeList<>();
  }
}

template <class T>
struct FieldsWire {
  static constexpr bool kByFields = true;
  static constexpr Reason kReason = AggregateReason<T>();
  using Parts = decltype(PartsOfAggregate<T>());

  static void Put(Encoder& encoder, const T& value) {
    if constexpr (EncodesAsBlock<T>()) {
      encoder.writer().Write(&value, sizeof(T));
    } else {
      ForEachField(value, [&](const auto& field) { detail::Put(encoder, field); });
    }
  }
  static void Get(Decoder& decoder, T& value) {
    if constexpr (DecodesAsBlock<T>()) {
      decoder.reader().Read(&value, sizeof(T));
    } else {
      ForEachField(value, [&](auto& field) { detail::Get(decoder, field); });
    }
  }
};

template <Aggregate T>
struct Wire<T> : std::conditional_t<FreeSerialized<T>, DelegatedWire<T>, FieldsWire<T>> {};

// ---- Blocks: values whose bytes are their encoding

enum class Use { kEncode, kDecode };

template <class T, Use kUse>
consteval bool IsBlock();

template <Use kUse, class... T>
consteval bool AreBlocksOf(TypeList<T...>, size_t size) {
  return (IsBlock<T, kUse>() && ...) && (sizeof(T) + ... + 0) == size;
}

template <class T>
inline constexpr bool kIsStdArray = false;
template <class T, size_t n>
inline constexpr bool kIsStdArray<std::array<T, n>> = n > 0;

// Numbers, enums, and arrays and structs of these without padding: the bytes between members are
// whatever was there before, and would leak. Trivially copyable alone says nothing: pointers are,
// too. Bools are checked one by one when they arrive; their encoding is the same either way.
template <class T, Use kUse>
consteval bool IsBlock() {
  if constexpr (Scalar<T>) {
    return kValueBytes<T> == sizeof(T) && (kUse == Use::kEncode || !IsBoolean<T>());
  } else if constexpr (std::is_array_v<T>) {
    return IsBlock<std::remove_extent_t<T>, kUse>();
  } else if constexpr (kIsStdArray<T>) {
    return IsBlock<typename T::value_type, kUse>() &&
           sizeof(T) == std::tuple_size_v<T> * sizeof(typename T::value_type);
  } else if constexpr (!std::is_trivially_copyable_v<T>) {
    return false;
  } else if constexpr (requires { Wire<T>::kByFields; }) {
    return AreBlocksOf<kUse>(typename Wire<T>::Parts(), sizeof(T));
  } else if constexpr (requires { Wire<T>::kIsBlock; }) {
    return Wire<T>::kIsBlock;
  } else {
    return false;
  }
}

template <class T>
consteval bool EncodesAsBlock() {
  return IsBlock<T, Use::kEncode>();
}
template <class T>
consteval bool DecodesAsBlock() {
  return IsBlock<T, Use::kDecode>();
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_AGGREGATE_H_
