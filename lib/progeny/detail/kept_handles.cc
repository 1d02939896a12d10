#include "progeny/detail/kept_handles.h"

#include <algorithm>
#include <utility>

#include "platform/handle.h"
#include "progeny/detail/codec_bytes.h"
#include "progeny/internal/arena.h"

namespace progeny::detail {
namespace {

constexpr uint32_t kFoundByIdentity = ~uint32_t{0};

}  // namespace

KeptHandles::KeptHandles(KeptHandles&& other) noexcept
    : owned_(std::exchange(other.owned_, {})), arenas_(std::exchange(other.arenas_, {})) {}

KeptHandles& KeptHandles::operator=(KeptHandles&& other) noexcept {
  std::swap(owned_, other.owned_);
  std::swap(arenas_, other.arenas_);
  return *this;
}

KeptHandles::~KeptHandles() {
  for (NativeHandle handle : owned_) platform::CloseNativeHandle(handle);
}

uint32_t KeptHandles::Add(NativeHandle handle) {
  absl::StatusOr<platform::Handle> own = platform::DuplicateNativeHandle(handle);
  if (!own.ok()) ThrowCodecError(own.status());
  owned_.push_back(own->Release());
  return static_cast<uint32_t>(owned_.size() - 1);
}

uint32_t KeptHandles::AddArena(const ArenaPlace& place, NativeHandle handle) {
  const bool known = std::any_of(arenas_.begin(), arenas_.end(), [&](const KeptArena& kept) {
    return kept.place.id_high == place.id_high && kept.place.id_low == place.id_low;
  });
  if (known) return kFoundByIdentity;
  std::shared_ptr<Arena> held(Arena::Find(place), [](Arena* arena) {
    if (arena != nullptr) arena->LetGo();
  });
  arenas_.push_back({place, handle, std::move(held)});
  return kFoundByIdentity;
}

}  // namespace progeny::detail
