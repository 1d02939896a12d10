#include "progeny/internal/pool/worker_handles.h"

#include <cstring>

#include "absl/status/statusor.h"
#include "progeny/internal/arena.h"

namespace progeny::internal {

void WorkerHandles::AddArena(const Record& record) {
  ArenaRecord arena;
  std::memcpy(&arena, record.bytes.data(), sizeof arena);
  absl::StatusOr<platform::Handle> handle = courier_.Receive(arena.told);
  if (!handle.ok()) {
    arena_failure_ = handle.status();
    return;
  }
  const absl::StatusOr<detail::Arena*> opened = detail::Arena::Open(arena.place, *std::move(handle));
  if (opened.ok()) {
    arenas_[{arena.place.id_high, arena.place.id_low}] = {*opened, [](detail::Arena* held) { held->LetGo(); }};
  } else {
    arena_failure_ = opened.status();
  }
}

void WorkerHandles::ForgetArena(const Record& record) {
  ArenaRecord arena;
  std::memcpy(&arena, record.bytes.data(), sizeof arena);
  arenas_.erase({arena.place.id_high, arena.place.id_low});
}

void WorkerHandles::AddHandle(const Record& record) {
  AttachedRecord head;
  std::memcpy(&head, record.bytes.data(), sizeof head);
  if (head.index == 0) waiting_.clear();
  // One that doesn't come leaves a gap, which the decoder tells.
  waiting_.push_back(courier_.Receive(head.told).value_or(platform::Handle()));
}

detail::IncomingHandles WorkerHandles::Take() {
  std::vector<NativeHandle> handles;
  handles.reserve(waiting_.size());
  for (platform::Handle& handle : waiting_) handles.push_back(handle.Release());
  waiting_.clear();
  return detail::IncomingHandles(std::move(handles));
}

}  // namespace progeny::internal
