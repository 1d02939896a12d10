// Wire<T>: how one type travels. This file holds the rule of the format, numbers, arrays, and the
// classes that bring their functions; codec_aggregate.h, _std.h, _time.h, _containers.h and _absl.h
// add the others.
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
#include "progeny/detail/codec_fields.h"  // TypeList

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
  kUncountable,
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
concept Scalar = (std::is_arithmetic_v<T> ||
                  std::is_enum_v<T>)&&std::is_same_v<T, std::remove_cv_t<T>>;

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
    std::is_same_v<T, long double>&& std::numeric_limits<long double>::digits == 64 ? 10
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
concept MemberSerialized = std::is_class_v<T> &&
    (cereal::traits::has_member_serialize<T, Encoder>::value ||
     cereal::traits::has_member_save<T, Encoder>::value ||
     cereal::traits::has_member_save_minimal<T, Encoder>::value ||
     cereal::traits::has_member_versioned_serialize<T, Encoder>::value ||
     cereal::traits::has_member_versioned_save<T, Encoder>::value ||
     cereal::traits::has_member_versioned_save_minimal<T, Encoder>::value);

// Classes for which somebody wrote serialize() or save()/load() beside them.
// Both directions are asked for: what converts to a std::string can be saved as one, by accident.
template <class T>
concept FreeSerialized =
    cereal::traits::has_non_member_serialize<T, Encoder>::value ||
    cereal::traits::has_non_member_versioned_serialize<T, Encoder>::value ||
    (cereal::traits::has_non_member_save<T, Encoder>::value&&
         cereal::traits::has_non_member_load<T, Decoder>::value) ||
    (cereal::traits::has_non_member_versioned_save<T, Encoder>::value &&
     cereal::traits::has_non_member_versioned_load<T, Decoder>::value) ||
    cereal::traits::has_non_member_save_minimal<T, Encoder>::value
    || cereal::traits::has_non_member_versioned_save_minimal<T, Encoder>::value;

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

// Whether the bytes of a T are its encoding, and may be copied in one go: codec_aggregate.h.
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

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_WIRE_H_
