// What is too large for a ring, on the worker's side. slabs.h tells the races.
#include <atomic>
#include <cstring>
#include <utility>

#include "progeny/internal/pool/worker_loop.h"

namespace progeny::internal {
namespace {

// A flat batch's results lie in a slab from here on, up to so many bytes.
constexpr uint64_t kLargestFlatSlab = 64 << 20;

}  // namespace

absl::StatusOr<absl::Span<const std::byte>> WorkerLoop::BytesOf(const Record& record,
                                                                std::vector<std::byte>& storage) {
  const auto& header = *reinterpret_cast<const WorkHeader*>(record.bytes.data());
  if (header.slab_size == 0) return absl::MakeConstSpan(record.bytes).subspan(sizeof(WorkHeader));
  const Slabs::Place place{header.slab, header.slab_offset, header.slab_size, header.slab_offset + header.slab_size};
  if (down_slabs_.in_place()) {
    absl::StatusOr<absl::Span<const std::byte>> shown = down_slabs_.Show(place, Slabs::Reading::kFresh);
    if (shown.ok()) return shown;  // else there is no room in the address space: whoever copies may find some
  }
  absl::StatusOr<std::vector<std::byte>> copied = down_slabs_.Copy(place, Slabs::Reading::kFresh, std::move(spare_));
  if (!copied.ok()) return copied.status();
  storage = *std::move(copied);
  return absl::MakeConstSpan(storage);
}

// Also of a batch that was withdrawn: the pool's next large one may wait for the slab.
void WorkerLoop::LeaveSlab(const WorkHeader& header) {
  if (header.slab_size == 0) return;
  words_.down_slabs.used_by[header.slab].store(0, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (words_.room_wanted.load(std::memory_order_relaxed) != 0) pool_bell_.Wake();
}

Slabs::Taken WorkerLoop::AwaitSlab() {
  std::optional<Slabs::Taken> taken = sink_.TakeKept();
  if (!taken) taken = up_slabs_.Take();
  if (taken) return *taken;
  // Who is to take the results that lie in them must have heard of them.
  owes_ring_ = false;
  pool_bell_.Wake();
  SleepUntil(kWantsRoom, [&] { return (taken = up_slabs_.Take()).has_value(); });
  return *taken;
}

void WorkerLoop::PublishInSlab(Up kind, OutcomeHeader header, const SlabPlace& place) {
  std::byte* room = ReserveOutcome(kind, sizeof header + sizeof place);
  std::memcpy(room, &header, sizeof header);
  std::memcpy(room + sizeof header, &place, sizeof place);
  if (kind != Up::kInitFailed && !MarkDone(header.task)) return;
  up_.Commit();
}

void WorkerLoop::PublishLarge(Up kind, OutcomeHeader header, absl::Span<const std::byte> bytes) {
  const Slabs::Taken taken = AwaitSlab();
  if (const absl::Status written = up_slabs_.Write({taken.slab}, bytes); !written.ok()) {
    up_slabs_.Drop(taken);
    // That it doesn't fit can always be told; but a status that doesn't fit is lost with its payloads.
    return SendStatus(Up::kStatus, header, written);
  }
  header.slab_size = bytes.size();
  PublishInSlab(kind, header, {taken.number, 0, taken.slab});
  RingAfter(header, true);
}

// For results that fill more than one record. Where no slab is free they go through the ring.
void WorkerLoop::TakeSlabFor(Batch& batch) {
  const WorkHeader& header = batch.header;
  const uint64_t bytes = uint64_t{header.count} * header.shape.result_bytes;
  if (!up_slabs_.in_place() || !header.patient || setup_.tells_start) return;
  if (bytes <= kLargestInline || bytes > kLargestFlatSlab) return;
  batch.slab = up_slabs_.Take();
  if (!batch.slab) return;
  absl::StatusOr<absl::Span<std::byte>> room = up_slabs_.Room(batch.slab->slab, bytes);
  if (room.ok()) {
    batch.results = room->data();
  } else {
    up_slabs_.Drop(*std::exchange(batch.slab, std::nullopt));
  }
}

}  // namespace progeny::internal
