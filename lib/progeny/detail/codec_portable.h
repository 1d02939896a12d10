// Which types travel, and the one line that the compiler says about a type that doesn't.
#ifndef PROGENY_DETAIL_CODEC_PORTABLE_H_
#define PROGENY_DETAIL_CODEC_PORTABLE_H_

#include <span>
#include <string_view>
#include <type_traits>

#include "absl/types/span.h"
#include "progeny/detail/codec_absl.h"
#include "progeny/detail/codec_aggregate.h"
#include "progeny/detail/codec_containers.h"
#include "progeny/detail/codec_std.h"
#include "progeny/detail/codec_time.h"

namespace progeny::detail {

// Classes with private state and free functions, such as those of cereal/types/*.hpp. Those that
// take a std::vector also take a class derived from it, and would drop what it adds.
template <class T>
concept FreeClass =
    std::is_class_v<T> && !std::is_aggregate_v<T> && !ContainerShaped<T> && !Complex<T> &&
    !CalendarPart<T> && !Path<T> && !MemberSerialized<T> && FreeSerialized<T>;

template <FreeClass T>
struct Wire<T> : DelegatedWire<T> {};

template <class T>
inline constexpr bool kIsView = false;
template <class C, class Traits>
inline constexpr bool kIsView<std::basic_string_view<C, Traits>> = true;
template <class T, size_t n>
inline constexpr bool kIsView<std::span<T, n>> = true;
template <class T>
inline constexpr bool kIsView<absl::Span<T>> = true;

// Where T itself, whatever it is made of, stands in the way.
template <class T>
consteval Reason ReasonOf() {
  if constexpr (std::is_reference_v<T>) {
    return Reason::kReference;
  } else if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> ||
                       std::is_function_v<T> || std::is_null_pointer_v<T>) {
    return Reason::kPointer;
  } else if constexpr (!std::is_same_v<T, std::remove_cv_t<T>>) {
    return Reason::kQualified;
  } else if constexpr (kIsView<T>) {
    return Reason::kView;
  } else if constexpr (std::is_union_v<T>) {
    return Reason::kUnion;
  } else if constexpr (Wire<T>::kReason != Reason::kNone) {
    return Wire<T>::kReason;
  } else if constexpr (std::is_class_v<T> &&
                       !(std::is_default_constructible_v<T> && std::is_move_constructible_v<T>)) {
    return Reason::kNotDefault;
  } else {
    return Reason::kNone;
  }
}

// The first type in the way, and why; Verdict<void, kNone> if there is none.
template <class Culprit, Reason kWhy>
struct Verdict {
  using Type = Culprit;
  static constexpr Reason kReason = kWhy;
};
using Innocent = Verdict<void, Reason::kNone>;

template <class T, class... Parents>
consteval auto Judge();

template <class... Parents>
consteval auto JudgeAll(TypeList<>) {
  return Innocent();
}

template <class... Parents, class First, class... Rest>
consteval auto JudgeAll(TypeList<First, Rest...>) {
  using Found = decltype(Judge<First, Parents...>());
  if constexpr (Found::kReason != Reason::kNone) {
    return Found();
  } else {
    return JudgeAll<Parents...>(TypeList<Rest...>());
  }
}

// `Parents` are the structs being looked into: a tree contains itself, by way of a container. Only
// a struct can close such a circle.
template <class T, class... Parents>
consteval auto Judge() {
  if constexpr ((std::is_same_v<T, Parents> || ...)) {
    return Innocent();
  } else if constexpr (constexpr Reason kWhy = ReasonOf<T>(); kWhy != Reason::kNone) {
    return Verdict<T, kWhy>();
  } else if constexpr (Aggregate<T>) {
    return JudgeAll<T, Parents...>(typename Wire<T>::Parts());
  } else {
    return JudgeAll<Parents...>(typename Wire<T>::Parts());
  }
}

template <class T>
using VerdictOf = decltype(Judge<T>());

// ---- Words. The compiler names the culprit in the line above or below.

#define PROGENY_SAY(reason, why_and_what_next) \
  static_assert(kWhy != Reason::reason,        \
                "progeny: a type here cannot travel between processes: " why_and_what_next)

// A template of its own, so that the compiler prints Culprit when it says where the error arose.
template <class Culprit, Reason kWhy>
consteval bool Travels() {
  PROGENY_SAY(kReference, "it is a reference; use the type without & (a copy is sent)");
  PROGENY_SAY(kQualified, "it is const or volatile; remove that from the member or argument");
  PROGENY_SAY(
      kPointer,
      "it is a pointer, which means nothing elsewhere; use the value itself, std::optional, "
      "std::unique_ptr or std::string");
  PROGENY_SAY(kView,
              "it is a view of bytes that stay here; use an owner such as std::string or "
              "std::vector");
  PROGENY_SAY(kUnion, "it is a union, which does not tell what it holds; use std::variant");
  PROGENY_SAY(kBaseClass,
              "it is an aggregate with a base class; make the base a member, or give it "
              "`template <class Archive> void serialize(Archive& archive)`");
  PROGENY_SAY(kTooManyFields,
              "it is an aggregate of more than 100 members or 512 initialisers; use std::array "
              "instead of C arrays, or give it "
              "`template <class Archive> void serialize(Archive& archive)`");
  PROGENY_SAY(kUncountable,
              "it is an aggregate whose members cannot be counted; give it "
              "`template <class Archive> void serialize(Archive& archive)`");
  PROGENY_SAY(kPolymorphic,
              "it is a pointer to a polymorphic class, of which only the base would arrive; use "
              "std::variant or a final class");
  PROGENY_SAY(kStatefulOrder,
              "its comparator or hash has state, which would be lost; use a stateless one");
  PROGENY_SAY(kDeleter,
              "it is a std::unique_ptr to an array or with a deleter; use std::vector or "
              "std::unique_ptr<T>");
  PROGENY_SAY(kNotDefault,
              "it has no default or no move constructor, and decoding fills a fresh object; add "
              "them, or default values for its members");
  PROGENY_SAY(kOpaque,
              "it has private state and says nothing about it; give it a public `template <class "
              "Archive> void serialize(Archive& archive) { archive(a_, b_); }`, or make it "
              "private and `friend class cereal::access`");
  return kWhy == Reason::kNone;
}

#undef PROGENY_SAY

// True; or an error, once. What would use T then stays away: `if constexpr (RequirePortable<T>())`.
template <class T>
consteval bool RequirePortable() {
  if constexpr (VerdictOf<T>::kReason == Reason::kNone) {
    return true;
  } else {
    return Travels<typename VerdictOf<T>::Type, VerdictOf<T>::kReason>();
  }
}

template <class T>
void PutChecked(Encoder& encoder, const T& value) {
  if constexpr (RequirePortable<T>()) detail::Put(encoder, value);
}

template <class T>
void GetChecked(Decoder& decoder, T& value) {
  if constexpr (RequirePortable<T>()) detail::Get(decoder, value);
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_CODEC_PORTABLE_H_
