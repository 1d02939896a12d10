#include "progeny/cow.h"

#include <new>

#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"
#include "platform/handle.h"
#include "progeny/detail/attachments.h"
#include "progeny/internal/arena.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/verify_arena.h"

namespace progeny {
namespace {

constexpr char kWhat[] = "a Cow";

absl::Status Empty() { return absl::FailedPreconditionError("use a Cow: it is empty"); }

}  // namespace

absl::StatusOr<CowArena> CowArena::Create(CowOptions options) {
  absl::StatusOr<detail::Arena*> arena = detail::Arena::Create(options);
  if (!arena.ok()) return arena.status();
  CowArena handle;
  handle.arena_ = *arena;
  return handle;
}

CowArena::CowArena(const CowArena& other) noexcept : arena_(other.arena_) {
  if (arena_ != nullptr) arena_->Hold();
}

CowArena::~CowArena() {
  if (arena_ != nullptr) arena_->LetGo();
}

std::pmr::memory_resource* CowArena::resource() const {
  return arena_ == nullptr ? std::pmr::null_memory_resource() : arena_->resource();
}

absl::Status CowArena::Freeze() { return arena_ == nullptr ? Empty() : arena_->Freeze(); }

bool CowArena::frozen() const { return arena_ != nullptr && arena_->frozen(); }

int64_t CowArena::bytes_used() const { return arena_ == nullptr ? 0 : static_cast<int64_t>(arena_->used()); }

absl::Status CowArena::Verify() const {
  if (arena_ == nullptr) return Empty();
  if (absl::Status usable = arena_->CheckUsable(); !usable.ok()) return usable;
  return internal::VerifyArena({arena_->content(), arena_->used()}, {arena_->base(), arena_->reserved()});
}

absl::StatusOr<int64_t> CowArena::copied_bytes() const {
  if (arena_ == nullptr) return Empty();
  if (!arena_->frozen()) return absl::FailedPreconditionError("count the copied bytes of an arena: freeze it first");
  return arena_->CopiedBytes();
}

absl::Status CowArena::MakeWritable() const {
  if (arena_ == nullptr) return Empty();
  return arena_->MakeWritable();
}

absl::Status CowArena::CheckHolds(const void* object, size_t bytes) const {
  if (arena_ == nullptr) return Empty();
  if (!arena_->frozen()) return absl::FailedPreconditionError("share an object of an arena: freeze it first");
  const auto start = reinterpret_cast<uintptr_t>(arena_->content());
  const auto at = reinterpret_cast<uintptr_t>(object);
  const size_t used = arena_->used();
  if (at >= start && at - start <= used && bytes <= used - (at - start)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("share an object of an arena: ", bytes, " bytes do not lie in its ", used));
}

const std::byte* CowArena::content() const { return arena_->content(); }

detail::ArenaPlace CowArena::Place(void* context) const {
  if (arena_ == nullptr) return {};
  detail::OutgoingHandles& handles = detail::OutgoingHandlesOf(context, kWhat);
  if (!arena_->frozen()) {
    detail::ThrowCodecError(absl::FailedPreconditionError("pass an arena: freeze it first"));
  }
  detail::ArenaPlace place = arena_->place();
  place.handle = handles.AddArena(place, arena_->handle());
  return place;
}

CowArena CowArena::Open(const detail::ArenaPlace& place, void* context) {
  CowArena handle;
  if (place.address == 0) return handle;
  detail::IncomingHandles& handles = detail::IncomingHandlesOf(context, kWhat);
  handle.arena_ = detail::Arena::Find(place);
  if (handle.arena_ != nullptr) return handle;
  absl::StatusOr<detail::Arena*> arena =
      detail::Arena::Open(place, platform::Handle(handles.Take(place.handle)));
  if (!arena.ok()) detail::ThrowCodecError(arena.status());
  handle.arena_ = *arena;
  return handle;
}

namespace detail {

absl::Status BuildInArena(const CowArena& arena, absl::FunctionRef<absl::Status()> build) {
  absl::Status status;
  const auto thrown = platform::RunCatching([&] {
    try {
      status = build();
    } catch (const std::bad_alloc&) {
      const absl::Status refusal = arena.arena_->refusal();
      status = absl::ResourceExhaustedError(
          absl::StrCat("build a Cow: ", refusal.ok() ? "out of memory" : refusal.message()));
    }
  });
  if (thrown) return RemoteErrorStatus({thrown->type, thrown->what});
  return status;
}

}  // namespace detail
}  // namespace progeny
