// Making a T whose memory all comes from one std::pmr::memory_resource.
#ifndef PROGENY_DETAIL_COW_CONSTRUCT_H_
#define PROGENY_DETAIL_COW_CONSTRUCT_H_

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>

#include "progeny/detail/codec_aggregate.h"  // kIsStdArray
#include "progeny/detail/codec_fields.h"

namespace progeny::detail {

using ArenaAllocator = std::pmr::polymorphic_allocator<std::byte>;

// A std::pmr container, or a class with an allocator_type that takes such an allocator.
template <class T>
concept TakesAllocator = std::uses_allocator<T, ArenaAllocator>::value;  // libc++'s _v is a size_t

template <class T>
concept TakesResource =
    !TakesAllocator<T> && std::is_class_v<T> && !std::is_aggregate_v<T> &&
    std::is_constructible_v<T, std::pmr::memory_resource*>;

template <class T>
concept FieldByField = std::is_class_v<T> && std::is_aggregate_v<T> && !TakesAllocator<T>;

// Containers that would take their memory from the heap whatever they are told.
template <class T>
inline constexpr bool kIsOnTheHeap = false;
template <class T>
  requires requires { typename T::allocator_type::value_type; }
inline constexpr bool kIsOnTheHeap<T> = std::is_same_v<
    typename T::allocator_type, std::allocator<typename T::allocator_type::value_type>>;

// The one error, or true. A template of its own, so that the compiler prints T.
template <class T>
consteval bool CheckCowType() {
  static_assert(std::is_same_v<T, std::remove_cvref_t<T>>, "progeny: a Cow is of a plain type, not const and no reference");
  static_assert(!std::is_polymorphic_v<T>,
                "progeny: a Cow cannot hold a class with virtual functions: its table of functions lies "
                "elsewhere in every process; use std::variant, or functions outside of the class");
  static_assert(!kIsOnTheHeap<T>,
                "progeny: this container keeps its elements on the heap, which children do not share; "
                "use its std::pmr form");
  return !std::is_polymorphic_v<T> && !kIsOnTheHeap<T> && std::is_same_v<T, std::remove_cvref_t<T>>;
}

template <class T>
void MoveIntoArena(T& object, std::pmr::memory_resource* resource);

template <class T>
void MoveFieldsIntoArena(T& object, std::pmr::memory_resource* resource) {
  static_assert(kFieldCount<T> <= kMaxFields,
                "progeny: an aggregate of more than 100 members in a Cow; give it an allocator_type");
  ForEachField(object, [&](auto& field) { MoveIntoArena(field, resource); });
}

// What a default initialiser has put into the object moves along.
template <class T>
void MoveIntoArena(T& object, std::pmr::memory_resource* resource) {
  if constexpr (std::is_array_v<T> || kIsStdArray<T>) {
    for (auto& element : object) MoveIntoArena(element, resource);
  } else if constexpr (TakesAllocator<T>) {
    T made(std::move(object));
    std::destroy_at(&object);
    std::uninitialized_construct_using_allocator(&object, ArenaAllocator(resource), std::move(made));
  } else if constexpr (TakesResource<T>) {
    std::destroy_at(&object);
    ::new (static_cast<void*>(&object)) T(resource);
  } else {
    constexpr bool kMayStay = CheckCowType<std::remove_cv_t<T>>();
    if constexpr (kMayStay && FieldByField<T>) MoveFieldsIntoArena(object, resource);
  }
}

// Throws what the resource and the constructors throw.
template <class T>
T* ConstructInArena(std::pmr::memory_resource* resource) {
  void* place = resource->allocate(sizeof(T), alignof(T));
  if constexpr (TakesAllocator<T>) {
    return std::uninitialized_construct_using_allocator(static_cast<T*>(place), ArenaAllocator(resource));
  } else if constexpr (TakesResource<T>) {
    return ::new (place) T(resource);
  } else {
    T* object = ::new (place) T();
    MoveIntoArena(*object, resource);
    return object;
  }
}

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_COW_CONSTRUCT_H_
