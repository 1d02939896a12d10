// Data that every child shares copy-on-write, at the same address, under every start method.
//
//     using Table = std::pmr::unordered_map<int, std::pmr::string>;
//
//     absl::StatusOr<progeny::Cow<Table>> table = progeny::MakeCow<Table>(
//         [&](Table& t) { return Load(path, t); });          // runs once, in an arena
//
//     int Query(progeny::Cow<Table> table, int key) { return table->at(key).size(); }
//     absl::StatusOr<int> n = progeny::Call({.start_method = progeny::StartMethod::kSpawn},
//                                           progeny::fn<&Query>, *table, 42);
//
// The value is built with an arena as its allocator, then frozen. From then on every process has a
// copy-on-write view of its own, at the same address: pointers inside stay valid, nobody sees
// another's writes, pages that nobody writes exist once. Every child begins with the frozen bytes,
// whatever anybody has written since, forks made by foreign code included. (Not a raw clone() or
// _Fork(), which run no fork handlers: there the memory isn't mapped.) To pass a Cow costs the same
// for any size, and a fork copies none of its page tables.
//
// A T must live in its arena alone: std::pmr containers, classes with an allocator_type, classes made
// from a std::pmr::memory_resource*, and aggregates of these. Not to be kept in it: virtual functions,
// pointers out of the arena, memory of the heap (a std::string; a std::pmr::string inside of an
// element that has no allocator_type), and hashers that differ between processes, such as absl::Hash:
// a spawned child would look in the wrong place (std::hash is fine). Verify() finds the first three,
// and MakeCow calls it in debug builds (NDEBUG not defined).
//
// A Cow of one process is used by its threads like a const T. The arena vanishes whole when its last
// handle is gone, everywhere: T's destructor never runs.
//
// Windows: Mutable() charges commit for the whole view; passing and reading charge none.
#ifndef PROGENY_COW_H_
#define PROGENY_COW_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <type_traits>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/codec.h"
#include "progeny/detail/arena_place.h"
#include "progeny/detail/cow_construct.h"

namespace progeny {

// kCollapse: the owner gathers the frozen pages into huge ones (MADV_COLLAPSE, Linux 6.1), for all
// processes: reading everything for the first time becomes fast, and one written byte copies 2 MiB.
// It costs about a second per GiB once. Without effect where the kernel can't.
enum class HugePages { kNever, kCollapse };

struct CowOptions {
  // Bytes of addresses, not of memory, for what is built and for growth afterwards. 0: generous, twice
  // the machine's memory; less where the addresses are limited (RLIMIT_AS).
  int64_t reserve = 0;
  HugePages huge_pages = HugePages::kNever;
  // Every process maps all pages as soon as it gets the Cow, instead of each when it is first read.
  bool populate = false;
};

template <class T>
class Cow;
class CowArena;

namespace detail {

// What the arena refused, and what escaped the builder, as a status.
absl::Status BuildInArena(const CowArena& arena, absl::FunctionRef<absl::Status()> build);

}  // namespace detail

// The memory behind a Cow, for those who build by hand; a copyable handle. Once frozen it travels as an
// argument under every start method, and pointers into it stay valid.
class CowArena {
 public:
  // InvalidArgument: a negative reserve; ResourceExhausted: no addresses, memory or handles.
  static absl::StatusOr<CowArena> Create(CowOptions options = {});

  // Empty: what decoding fills.
  CowArena() = default;
  CowArena(const CowArena& other) noexcept;
  CowArena(CowArena&& other) noexcept : arena_(std::exchange(other.arena_, nullptr)) {}
  CowArena& operator=(CowArena other) noexcept {
    std::swap(arena_, other.arena_);
    return *this;
  }
  ~CowArena();

  // Hands out memory of the arena; once it is frozen, memory of the same reservation that is private
  // to this process, and empty in every child. Freeing does nothing. std::bad_alloc past the
  // reservation or when memory is full. Thread-safe. Lives as long as the arena.
  std::pmr::memory_resource* resource() const;

  // What has been built is what everybody sees from now on; a write to it faults, but see
  // Cow::Mutable(). FailedPrecondition: it is frozen already, or belongs to the parent of this forked
  // process; an error leaves an arena that is of no use.
  absl::Status Freeze();
  bool frozen() const;

  // Of what is frozen or to be frozen: bytes handed out, padding included.
  int64_t bytes_used() const;

  // Looks at every aligned word: one that is an address of something else in this process (the heap, a
  // stack, a program's data or virtual tables) is FailedPrecondition, with its offset. A number that
  // looks like such an address is taken for one, but for those below 4 GiB, which are taken for numbers
  // (on Windows the heap may lie there). Takes about half a second per GiB.
  absl::Status Verify() const;

  // Of pages that are frozen: bytes of which this process has a copy of its own, as it wrote there.
  absl::StatusOr<int64_t> copied_bytes() const;

  // A Cow of an object that lies in this frozen arena. InvalidArgument: it doesn't.
  template <class T>
  absl::StatusOr<Cow<T>> Share(const T* object) const;

  explicit operator bool() const { return arena_ != nullptr; }

  template <class Archive>
  void save(Archive& archive) const {
    archive(Place(archive.context()));
  }
  template <class Archive>
  void load(Archive& archive) {
    detail::ArenaPlace place;
    archive(place);
    *this = Open(place, archive.context());
  }

 private:
  template <class T>
  friend class Cow;
  friend absl::Status detail::BuildInArena(const CowArena& arena,
                                           absl::FunctionRef<absl::Status()> build);

  // Inside of the codec.
  detail::ArenaPlace Place(void* context) const;
  static CowArena Open(const detail::ArenaPlace& place, void* context);

  absl::Status MakeWritable() const;
  absl::Status CheckHolds(const void* object, size_t bytes) const;
  const std::byte* content() const;

  detail::Arena* arena_ = nullptr;
};

// A handle to a frozen T.
template <class T>
class Cow {
 public:
  // Empty: nothing to look at.
  Cow() = default;

  const T& operator*() const { return *object_; }
  const T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

  // From here on this process may write to its view; nobody else sees it. ResourceExhausted where the
  // system charges for all that might be written (Windows, or Linux with strict overcommit) and is
  // full. The pointer is as good as this handle. Growth comes from private pages, see
  // CowArena::resource().
  absl::StatusOr<T*> Mutable() const {
    if (absl::Status writable = arena_.MakeWritable(); !writable.ok()) return writable;
    return const_cast<T*>(object_);
  }

  // Exact: bytes of the pages of which this process has its own copy. Of the whole arena.
  absl::StatusOr<int64_t> copied_bytes() const { return arena_.copied_bytes(); }
  absl::Status Verify() const { return arena_.Verify(); }
  const CowArena& arena() const { return arena_; }

  template <class Archive>
  void save(Archive& archive) const {
    const uint64_t offset =
        object_ == nullptr ? 0 : reinterpret_cast<const std::byte*>(object_) - arena_.content();
    archive(arena_, offset);
  }
  template <class Archive>
  void load(Archive& archive) {
    uint64_t offset = 0;
    archive(arena_, offset);
    object_ = nullptr;
    if (!arena_) return;
    object_ = reinterpret_cast<const T*>(arena_.content() + offset);
    const absl::Status holds = arena_.CheckHolds(object_, sizeof(T));
    if (!holds.ok()) detail::ThrowCodecError(absl::DataLossError(holds.message()));
  }

 private:
  friend class CowArena;
  Cow(CowArena arena, const T* object) : arena_(std::move(arena)), object_(object) {}

  CowArena arena_;
  const T* object_ = nullptr;
};

template <class T>
absl::StatusOr<Cow<T>> CowArena::Share(const T* object) const {
  if (absl::Status holds = CheckHolds(object, sizeof(T)); !holds.ok()) return holds;
  return Cow<T>(*this, object);
}

namespace detail {

#ifdef NDEBUG
inline constexpr bool kVerifyEachCow = false;
#else
inline constexpr bool kVerifyEachCow = true;
#endif

}  // namespace detail

// Builds a T in an arena of its own, calls `builder(T&)`, which returns void or absl::Status, and
// freezes it. What the builder returns as an error or throws is the status (Unknown with a RemoteError
// for an exception); memory or addresses that run out are ResourceExhausted. Nothing else may touch
// the T until this has returned.
template <class T, bool kVerify = detail::kVerifyEachCow, class Builder>
absl::StatusOr<Cow<T>> MakeCow(Builder&& builder, CowOptions options = {}) {
  if constexpr (detail::CheckCowType<T>()) {
    absl::StatusOr<CowArena> arena = CowArena::Create(options);
    if (!arena.ok()) return arena.status();
    T* object = nullptr;
    absl::Status built = detail::BuildInArena(*arena, [&]() -> absl::Status {
      object = detail::ConstructInArena<T>(arena->resource());
      if constexpr (std::is_void_v<std::invoke_result_t<Builder&, T&>>) {
        builder(*object);
        return absl::OkStatus();
      } else {
        return builder(*object);
      }
    });
    if (!built.ok()) return built;
    if (absl::Status frozen = arena->Freeze(); !frozen.ok()) return frozen;
    if constexpr (kVerify) {
      if (absl::Status verified = arena->Verify(); !verified.ok()) return verified;
    }
    return arena->Share(static_cast<const T*>(object));
  } else {
    return absl::InvalidArgumentError("refused by the compiler");
  }
}

}  // namespace progeny

#endif  // PROGENY_COW_H_
