// Wire<T>: how one type travels. This file holds the rule of the format and the kinds of types that
// are built into the language; codec_std.h, codec_containers.h and codec_absl.h add the others.
//
// Each Wire<T> has
//   kReason                     kNone, or why T itself can't travel
//   Parts                       TypeList of the types that a T is made of, which must travel too
//   static void Put(Encoder&, const T&);
//   static void Get(Decoder&, T&);   into a default-constructed T
// and may have
//   kIsBlock                    its bytes are its encoding, and any bytes are a value of it
//
// The format is that of one build of one program: numbers as they lie in memory, no type names, no
// versions. Lengths are varints. Every value but a bare number takes at least one byte, so that a
// count of elements can be checked against the bytes left.
#ifndef PROGENY_DETAIL_CODEC_WIRE_H_
#define PROGENY_DETAIL_CODEC_WIRE_H_

#include <array>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

#include "progeny/detail/codec_archive.h"
#include "progeny/detail/codec_fields.h"

namespace progeny::detail {

// Why a type can't travel; the words are in codec_portable.h.
enum class Reason {
  kNone,
  kReference,
  kQualified,
  kPointer,
  kView,
  kUnion,
  kBaseClass,
  kTooManyFields,
  kPolymorphic,
  kStatefulOrder,
  kDeleter,
  kNotDefault,
  kOpaque,
};

template <class T>
struct Wire {
  static constexpr Reason kReason = Reason::kOpaque;
  using Parts = TypeList<>;
};

template <class T>
concept Scalar = (std::is_arithmetic_v<T> || std::is_enum_v<T>) &&
                 std::is_same_v<T, std::remove_cv_t<T>>;

// bool, or an enum over bool: the only scalars that not every pattern of bits is a value of.
template <class T>
consteval bool IsBoolean() {
  if constexpr (std::is_enum_v<T>) {
    return std::is_same_v<std::underlying_type_t<T>, bool>;
  } else {
    return std::is_same_v<T, bool>;
  }
}

// The bytes of a scalar that carry its value: an x87 long double has ten and leaves the rest to
// chance.
template <class T>
inline constexpr size_t kValueBytes =
    std::is_same_v<T, long double> && std::numeric_limits<long double>::digits == 64 ? 10
                                                                                     : sizeof(T);

template <class T>
void Put(Encoder& encoder, const T& value) {
  if constexpr (Scalar<T>) {
    encoder.writer().Write(&value, kValueBytes<T>);
  } else {
    const size_t before = encoder.writer().written();
    Wire<T>::Put(encoder, value);
    if (encoder.writer().written() == before) encoder.writer().WriteByte(0);
  }
}

template <class T>
void Get(Decoder& decoder, T& value) {
  ByteReader& reader = decoder.reader();
  if constexpr (Scalar<T>) {
    if constexpr (IsBoolean<T>()) {
      value = static_cast<T>(reader.ReadBool());
    } else {
      reader.Read(&value, kValueBytes<T>);
    }
  } else {
    const size_t before = reader.offset();
    Wire<T>::Get(decoder, value);
    if (reader.offset() == before && reader.ReadByte() != 0) {
      reader.Fail("something in the place of an empty value");
    }
  }
}

template <Scalar T>
struct Wire<T> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;
};

// ---- Classes that bring their functions: cereal's convention

template <class T>
concept MemberSerialized =
    std::is_class_v<T> && (cereal::traits::has_member_serialize<T, Encoder>::value ||
                           cereal::traits::has_member_save<T, Encoder>::value ||
                           cereal::traits::has_member_save_minimal<T, Encoder>::value ||
                           cereal::traits::has_member_versioned_serialize<T, Encoder>::value ||
                           cereal::traits::has_member_versioned_save<T, Encoder>::value ||
                           cereal::traits::has_member_versioned_save_minimal<T, Encoder>::value);

template <class T>
struct DelegatedWire {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<>;  // unknown until its functions are compiled

  static void Put(Encoder& encoder, const T& value) {
    Level level(encoder);
    encoder.Delegate(value);
  }
  static void Get(Decoder& decoder, T& value) {
    Level level(decoder);
    decoder.Delegate(value);
  }
};

template <MemberSerialized T>
struct Wire<T> : DelegatedWire<T> {};

// ---- Arrays

template <class T>
consteval bool EncodesAsBlock();
template <class T>
consteval bool DecodesAsBlock();

template <class Range>
void PutElements(Encoder& encoder, const Range& range) {
  for (const auto& element : range) detail::Put(encoder, element);
}

template <class T, size_t n>
struct Wire<T[n]> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<T>;

  static void Put(Encoder& encoder, const T (&array)[n]) {
    if constexpr (EncodesAsBlock<T>()) {
      encoder.writer().Write(array, sizeof(array));
    } else {
      PutElements(encoder, array);
    }
  }
  static void Get(Decoder& decoder, T (&array)[n]) {
    if constexpr (DecodesAsBlock<T>()) {
      decoder.reader().Read(array, sizeof(array));
    } else {
      for (T& element : array) detail::Get(decoder, element);
    }
  }
};

template <class T, size_t n>
struct Wire<std::array<T, n>> {
  static constexpr Reason kReason = Reason::kNone;
  using Parts = TypeList<T>;

  static void Put(Encoder& encoder, const std::array<T, n>& array) {
    if constexpr (EncodesAsBlock<T>() && n > 0) {
      encoder.writer().Write(array.data(), sizeof(array));
    } else {
      PutElements(encoder, array);
    }
  }
  static void Get(Decoder& decoder, std::array<T, n>& array) {
    if constexpr (DecodesAsBlock<T>() && n > 0) {
      decoder.reader().Read(array.data(), sizeof(array));
    } else {
      for (T& element : array) detail::Get(decoder, element);
    }
  }
};

// ---- Aggregates

// Classes for which somebody wrote serialize() or save()/load() beside them.
// Both directions are asked for: what converts to a std::string can be saved as one, by accident.
template <class T>
concept FreeSerialized =
    cereal::traits::has_non_member_serialize<T, Encoder>::value ||
    cereal::traits::has_non_member_versioned_serialize<T, Encoder>::value ||
    (cereal::traits::has_non_member_save<T, Encoder>::value &&
     cereal::traits::has_non_member_load<T, Decoder>::value) ||
    (cereal::traits::has_non_member_versioned_save<T, Encoder>::value &&
     cereal::traits::has_non_member_versioned_load<T, Decoder>::value) ||
    cereal::traits::has_non_member_save_minimal<T, Encoder>::value ||
    cereal::traits::has_non_member_versioned_save_minimal<T, Encoder>::value;

template <class T>
concept Aggregate = std::is_aggregate_v<T> && std::is_class_v<T> && !MemberSerialized<T> &&
                    std::is_same_v<T, std::remove_cv_t<T>>;

template <class T>
consteval Reason AggregateReason() {
  if constexpr (!requires { T{}; }) {
    return Reason::kNotDefault;
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

#endif  // PROGENY_DETAIL_CODEC_WIRE_H_
