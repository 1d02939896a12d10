// The memory that a pool shares with one worker, and with no other: words, two rings, and behind
// them slabs for what is too large for a ring.
#ifndef PROGENY_INTERNAL_POOL_WORKER_MEMORY_H_
#define PROGENY_INTERNAL_POOL_WORKER_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "platform/shared_region.h"
#include "platform/shared_word.h"
#include "progeny/internal/pool/ring.h"
#include "progeny/internal/pool/slabs.h"

namespace progeny::internal {

struct WorkerWords {
  platform::SharedWordStorage bell;  // the worker sleeps on it
  RingWords down;
  RingWords up;
  alignas(64) std::atomic<uint64_t> running;  // wire.h
  std::atomic<int64_t> started_at;            // of the running task, steady clock, nanoseconds
  // Of a flat run, which has the number of its first task in `running`: how many elements are done, and
  // where in the ring their results begin, or which slab they lie in: its index, plus one.
  std::atomic<uint32_t> flat_done;
  std::atomic<uint32_t> flat_results;
  std::atomic<uint32_t> flat_slab;
  // The pool found no room in the ring below, or no slab: the worker wakes it when it has read all there is, and
  // whenever it leaves a slab until then.
  std::atomic<uint32_t> room_wanted;
  SlabWords down_slabs;
  SlabWords up_slabs;
};

class WorkerMemory {
 public:
  WorkerMemory() = default;
  static absl::StatusOr<WorkerMemory> Create();
  static absl::StatusOr<WorkerMemory> Open(platform::Handle handle);

  WorkerWords& words() const { return *reinterpret_cast<WorkerWords*>(region_.head()); }
  RingMemory down() const;
  RingMemory up() const;
  platform::SharedRegion& region() { return region_; }
  platform::NativeHandle handle() const { return region_.handle(); }

  // For the next process: as it was when it was created, but for the numbers of slabs. Nobody else may look at
  // it meanwhile, but who reads a slab.
  void Reset();
  // Of a forked process whose memory it isn't: unmaps it.
  void Leave() { region_ = {}; }

 private:
  explicit WorkerMemory(platform::SharedRegion region) : region_(std::move(region)) {}

  platform::SharedRegion region_;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_WORKER_MEMORY_H_
