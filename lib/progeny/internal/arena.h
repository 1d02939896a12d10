// One arena as this process sees it: all handles of the process share one of these, and it is one
// view.
//
// Interleavings:
// * Two threads decode the same arena at once, or one lets go of it while the other decodes it: the
//   list of arenas is changed, and a count goes from 1 to 0, only under FrozenMemoryLock. What is on
//   the list has a count of at least 1 and a view that is there.
// * A fork meanwhile: it takes that lock first. A thread that was about to let go does not exist in
//   the child: there the view simply stays.
// * A fork while an arena is built: the child's copy of it is of no use and says so (`generation`),
//   whoever held `building`.
#ifndef PROGENY_INTERNAL_ARENA_H_
#define PROGENY_INTERNAL_ARENA_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/frozen_memory.h"
#include "progeny/cow.h"
#include "progeny/detail/arena_place.h"

namespace progeny::detail {

class Arena {
 public:
  // Counted once for the caller.
  static absl::StatusOr<Arena*> Create(const CowOptions& options);
  // The one that this process has already, or nullptr. Counted.
  static Arena* Find(const ArenaPlace& place);
  // The same, or else a new view.
  static absl::StatusOr<Arena*> Open(const ArenaPlace& place, platform::Handle handle);

  void Hold() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void LetGo();

  std::pmr::memory_resource* resource() const { return resource_; }
  // nullptr when there is no room; `refusal` says why, while it is built.
  void* Allocate(size_t bytes, size_t alignment);
  absl::Status refusal() const;

  absl::Status Freeze();
  bool frozen() const { return frozen_.load(std::memory_order_acquire); }
  size_t used() const;
  const std::byte* content() const { return memory_->content(); }
  size_t reserved() const { return memory_->reserved(); }
  const std::byte* base() const { return memory_->head(); }

  // Of a frozen one; `handle` is left 0.
  ArenaPlace place() const;
  platform::NativeHandle handle() const { return memory_->handle(); }
  absl::Status MakeWritable();
  absl::StatusOr<int64_t> CopiedBytes() const { return memory_->CopiedBytes(); }
  // FailedPrecondition where this process is a forked child that has got nothing of it.
  absl::Status CheckUsable() const;

 private:
  static Arena* FindLocked(const ArenaPlace& place);
  Arena(std::unique_ptr<platform::FrozenMemory> memory, const ArenaPlace& identity);
  void* AllocateBuilding(size_t bytes, size_t alignment);
  absl::Status ExtendTo(size_t end);

  const std::unique_ptr<platform::FrozenMemory> memory_;
  ArenaPlace identity_;
  std::pmr::memory_resource* resource_ = nullptr;
  const uint64_t generation_;
  bool collapse_ = false;
  std::atomic<int64_t> holders_{1};
  std::atomic<bool> frozen_{false};
  mutable std::mutex building_;
  size_t used_ = 0;   // under building_, and constant once frozen
  size_t there_ = 0;
  absl::Status refusal_;
};

}  // namespace progeny::detail

#endif  // PROGENY_INTERNAL_ARENA_H_
