// What is put into a worker's ring, and in which order: a callable before its state, handles just before
// what they belong to. Several records may make up one piece of work, and a large one is written without
// the lock; meanwhile nobody else deals to this worker (being_dealt). If the ring is full half-way, what
// was told counts, and handles are told anew.
#include <cstring>

#include "platform/image.h"
#include "progeny/codec.h"
#include "progeny/internal/arena.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {

absl::StatusOr<Engine::Put> Engine::PutWork(Worker& worker, Down kind, WorkHeader& header,
                                            absl::Span<const std::byte> bytes) {
  if (header.slab_size == 0 && bytes.size() > kLargestInline) {
    const std::optional<Slabs::Taken> slab = worker.TakeSlab();
    if (!slab) return Put::kFull;
    absl::StatusOr<Put> put = PutInSlab(worker, {slab->slab, header.slab_offset}, bytes);
    if (put.ok() && *put == Put::kDone && kind != Down::kInit && !worker.takes_work()) put = Put::kFull;
    header.slab = static_cast<uint8_t>(slab->slab);
    header.slab_size = bytes.size();
    if (put.ok() && *put == Put::kDone) put = PutHeader(worker, kind, header, {});
    if (!put.ok() || *put == Put::kFull) worker.down_slabs->Drop(*slab);
    return put;
  }
  return PutHeader(worker, kind, header, bytes);
}

absl::StatusOr<Engine::Put> Engine::PutHeader(Worker& worker, Down kind, const WorkHeader& header,
                                              absl::Span<const std::byte> bytes) {
  std::byte* room = worker.Reserve(kind, sizeof header + bytes.size());
  if (room == nullptr) return Put::kFull;
  auto* placed = new (room) WorkHeader;
  placed->count = header.count;
  placed->first_task = header.first_task;
  placed->job = header.job;
  placed->entry = header.entry;
  placed->state_inline = header.state_inline;
  placed->patient = header.patient;
  placed->measured = header.measured;
  placed->shape = header.shape;
  placed->first_index = header.first_index;
  placed->seed = header.seed;
  placed->slab = header.slab;
  placed->slab_size = header.slab_size;
  placed->slab_offset = header.slab_offset;
  if (!bytes.empty()) std::memcpy(room + sizeof header, bytes.data(), bytes.size());
  worker.down.Commit();
  last_put_ = placed;
  return Put::kDone;
}

absl::StatusOr<Engine::Put> Engine::TellEntry(Worker& worker, const detail::PoolEntryNode* node) {
  uint32_t& id = entries_[node];
  if (id == 0) {
    absl::StatusOr<platform::ImageAddress> address = platform::FindImage(node);
    if (!address.ok()) return address.status();
    std::vector<std::byte> bytes;
    if (absl::Status encoded = detail::EncodeTo(bytes, *address); !encoded.ok()) return encoded;
    entry_addresses_.push_back(std::move(bytes));
    id = static_cast<uint32_t>(entry_addresses_.size());
  }
  while (worker.known_entries < id) {
    WorkHeader header;
    header.entry = worker.known_entries + 1;
    absl::StatusOr<Put> put =
        PutWork(worker, Down::kEntry, header, entry_addresses_[worker.known_entries]);
    if (!put.ok() || *put == Put::kFull) return put;
    ++worker.known_entries;
  }
  return Put::kDone;
}

absl::StatusOr<Engine::Put> Engine::TellEntry(Worker& worker, detail::PoolWork& work) {
  if (work.entry != 0 && worker.known_entries >= work.entry) return Put::kDone;
  absl::StatusOr<Put> put = TellEntry(worker, work.node);
  if (put.ok()) work.entry = entries_[work.node];
  return put;
}

absl::StatusOr<Engine::Put> Engine::TellJob(Worker& worker, const detail::PoolWork& work) {
  if (work.job == 0 || worker.known_jobs.count(work.job) > 0) return Put::kDone;
  WorkHeader header;
  header.entry = entries_[work.node];
  header.job = work.job;
  absl::StatusOr<Put> put = TellHandles(worker, work.kept);
  if (put.ok() && *put == Put::kDone) put = PutWork(worker, Down::kJob, header, work.state);
  if (put.ok() && *put == Put::kDone) worker.known_jobs.insert(work.job);
  return put;
}

absl::StatusOr<Engine::Put> Engine::PutAll(Worker& worker, const Batch& batch, WorkHeader& header) {
  const detail::PoolWork& work = *batch.work;
  absl::StatusOr<Put> put = TellEntry(worker, *batch.work);
  if (put.ok() && *put == Put::kDone) put = TellJob(worker, work);
  if (put.ok() && *put == Put::kDone) put = TellHandles(worker, batch.call->kept);
  if (!put.ok() || *put == Put::kFull) return put;
  header.count = batch.left();
  header.first_task = worker.next_task;
  header.job = work.job;
  header.entry = work.entry;
  header.state_inline = batch.state_inline;
  header.patient = work.patient;
  header.measured = work.measured;
  header.shape = batch.shape;
  header.first_index = batch.first_index + batch.next;
  header.seed = work.seed;
  header.slab_offset = worker.SlabOffset(batch);
  return PutWork(worker, Down::kBatch, header, batch.bytes_left());
}

// `record` begins with what the courier says of the handle.
absl::StatusOr<Engine::Put> Engine::PutHandle(Worker& worker, Down kind, NativeHandle handle,
                                              absl::Span<std::byte> record) {
  std::byte* room = worker.Reserve(kind, record.size());
  if (room == nullptr) return Put::kFull;
  const absl::StatusOr<uint64_t> told = worker.courier.Send(handle, worker.child->sentinel());
  if (absl::IsUnavailable(told.status())) {
    worker.memory.words().room_wanted.store(1);
    return Put::kFull;
  }
  if (!told.ok()) return told.status();
  std::memcpy(record.data(), &*told, sizeof *told);
  std::memcpy(room, record.data(), record.size());
  worker.down.Commit();
  return Put::kDone;
}

// Those that live in this process don't overlap; one that is gone may be where the next one is to lie.
bool Engine::ForgetDeadArenas(Worker& worker) {
  for (auto at = worker.known_arenas.begin(); at != worker.known_arenas.end();) {
    ArenaRecord record;
    record.place.id_high = at->first;
    record.place.id_low = at->second;
    if (detail::Arena* living = detail::Arena::Find(record.place)) {
      living->LetGo();
      ++at;
      continue;
    }
    std::byte* room = worker.Reserve(Down::kForgetArena, sizeof record);
    if (room == nullptr) return false;
    std::memcpy(room, &record, sizeof record);
    worker.down.Commit();
    at = worker.known_arenas.erase(at);
  }
  return true;
}

absl::StatusOr<Engine::Put> Engine::TellArena(Worker& worker, const detail::KeptHandles::KeptArena& arena) {
  const std::pair id(arena.place.id_high, arena.place.id_low);
  if (worker.known_arenas.count(id) > 0) return Put::kDone;
  if (!ForgetDeadArenas(worker)) return Put::kFull;
  ArenaRecord record{0, arena.place};
  auto put = PutHandle(worker, Down::kArena, arena.handle, {reinterpret_cast<std::byte*>(&record), sizeof record});
  if (put.ok() && *put == Put::kDone) worker.known_arenas.insert(id);
  return put;
}

absl::StatusOr<Engine::Put> Engine::TellHandles(Worker& worker, const detail::KeptHandles& kept) {
  for (const detail::KeptHandles::KeptArena& arena : kept.arenas()) {
    absl::StatusOr<Put> put = TellArena(worker, arena);
    if (!put.ok() || *put == Put::kFull) return put;
  }
  uint32_t index = 0;
  for (NativeHandle handle : kept.owned()) {
    AttachedRecord record{0, index++};
    auto put = PutHandle(worker, Down::kHandle, handle, {reinterpret_cast<std::byte*>(&record), sizeof record});
    if (!put.ok() || *put == Put::kFull) return put;
  }
  return Put::kDone;
}

bool Engine::GiveInitialiser(Worker& worker) {
  if (initialiser_.node == nullptr) return true;
  absl::StatusOr<Put> put = TellEntry(worker, initialiser_.node);
  if (put.ok() && *put == Put::kDone) put = TellHandles(worker, initialiser_.call.kept);
  if (put.ok() && *put == Put::kDone) {
    WorkHeader header;
    header.entry = entries_[initialiser_.node];
    put = PutWork(worker, Down::kInit, header, initialiser_.call.bytes);
  }
  if (!put.ok()) EndAll(put.status());
  worker.bell.Wake();
  return put.ok() && *put == Put::kDone;
}

}  // namespace progeny::internal
