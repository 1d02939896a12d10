#include "progeny/internal/pool/worker_memory.h"

namespace progeny::internal {
namespace {

constexpr size_t kWordsBytes = 4096;
constexpr size_t kRingBytes = 64 << 10;
constexpr size_t kHeadBytes = kWordsBytes + 2 * kRingBytes;
static_assert(sizeof(WorkerWords) <= kWordsBytes);

}  // namespace

absl::StatusOr<WorkerMemory> WorkerMemory::Create() {
  absl::StatusOr<platform::SharedRegion> region = platform::SharedRegion::Create(kHeadBytes);
  if (!region.ok()) return region.status();
  return WorkerMemory(*std::move(region));
}

absl::StatusOr<WorkerMemory> WorkerMemory::Open(platform::Handle handle) {
  absl::StatusOr<platform::SharedRegion> region =
      platform::SharedRegion::Open(std::move(handle), kHeadBytes);
  if (!region.ok()) return region.status();
  return WorkerMemory(*std::move(region));
}

RingMemory WorkerMemory::down() const {
  return {&words().down, region_.head() + kWordsBytes, kRingBytes};
}

RingMemory WorkerMemory::up() const {
  return {&words().up, region_.head() + kWordsBytes + kRingBytes, kRingBytes};
}

void WorkerMemory::Reset() {
  WorkerWords& all = words();
  for (RingWords* ring : {&all.down, &all.up}) {
    ring->head.store(0);
    ring->tail.store(0);
  }
  all.bell.asleep.store(0);
  all.bell.cpu.store(0);
  all.running.store(0);
  all.started_at.store(0);
  all.flat_done.store(0);
  all.flat_results.store(0);
  all.room_wanted.store(0);
  all.flat_slab.store(0);
  for (SlabWords* slabs : {&all.down_slabs, &all.up_slabs}) {
    for (std::atomic<uint64_t>& used_by : slabs->used_by) used_by.store(0);
  }
}

}  // namespace progeny::internal
