// What is too large for a ring, on the pool's side. slabs.h tells the races.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "platform/exceptions.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

// Slabs of more than kKeptSlabBytes that nothing was sent in for so long are given back.
constexpr int64_t kTrimAfter = 1'000'000'000;  // ns

absl::Status Garbled() { return absl::DataLossError("a pool's worker has garbled its memory: a large message"); }

// A flat batch's results come piece by piece: all of them are mapped with the first.
size_t FlatBytes(const BatchInFlight& flight) {
  return size_t{flight.batch->count - flight.dealt} * flight.batch->shape.result_bytes;
}

}  // namespace

// For the next process. Whoever reads a slab reads on until he lets go of it.
void EngineWorker::RenewSlabs() {
  for (uint32_t slab = 0; slab < kSlabs; ++slab) {
    // If ours is the last hold by now, letting go of it frees the slab.
    if (const std::shared_ptr<SlabUse> use = up_uses[slab].lock()) {
      memory.words().up_slabs.used_by[slab].store(use->number());
    }
  }
}

// Numbers are read where they lie, if they are aligned.
uint32_t EngineWorker::SlabOffset(const EngineBatch& batch) const {
  constexpr size_t kAlignment = 64;
  if (batch.call->block_at < batch.next_offset || !down_slabs->in_place()) return 0;
  return static_cast<uint32_t>((kAlignment - (batch.call->block_at - batch.next_offset) % kAlignment) % kAlignment);
}

// Long: outcomes of others and callers go on meanwhile. Only who drives comes here, and only he settles workers, so
// this one's memory stays what it is.
absl::StatusOr<Engine::Put> Engine::PutInSlab(Worker& worker, const Slabs::Spot& spot,
                                              absl::Span<const std::byte> bytes) {
  mu_.unlock();
  const absl::Status written = worker.down_slabs->Write(spot, bytes);
  mu_.lock();
  NoteSlab(worker, bytes.size());
  if (!written.ok()) return written;
  return Put::kDone;
}

// Arguments that lie in a slab need no memory of ours besides. Not what would take long to read back, as that
// happens under the lock; not what other pieces of the call need, nor elements whose sizes stand between them.
void Engine::LeaveToSlab(Worker& worker, InFlight& flight, const WorkHeader& header) {
  Batch& batch = *flight.batch;
  if (header.slab_size == 0 || header.slab_size > kMostLeftToSlab || !worker.down_slabs->in_place()) return;
  if (batch.call.use_count() > 1 || (!batch.shape.flat() && batch.left() > 1)) return;
  flight.arguments = Slabs::Hold(*worker.down_slabs, header.slab);
  flight.arguments_begin = batch.next_offset;
  flight.arguments_at = header.slab_offset;
  batch.call->bytes = {};
}

// Before somebody else is to have the batch.
void Engine::TakeFromSlab(InFlight& flight) {
  Batch& batch = *flight.batch;
  if (!flight.arguments || batch.left() == 0 || batch.work->cancelled || state_ == State::kEnding) return;
  const std::byte* const begin = flight.arguments.bytes() + flight.arguments_at + (batch.next_offset - flight.arguments_begin);
  const size_t size = batch.end_offset - batch.next_offset;
  const auto thrown = platform::RunCatching([&] { batch.call->bytes.assign(begin, begin + size); });
  if (thrown) {
    return TellAll(batch, absl::ResourceExhaustedError(absl::StrCat("deal out ", size, " bytes again: out of memory")));
  }
  batch.next_offset = 0;
  batch.end_offset = size;
}

absl::StatusOr<Engine::SlabRead> Engine::UseOf(Worker& worker, const SlabPlace& place, size_t size, size_t whole) {
  if (place.slab >= kSlabs || place.offset + size < size) return Garbled();
  SlabRead read{worker.up_uses[place.slab].lock(), {place.slab, place.offset, size, std::max<size_t>(whole, place.offset + size)}};
  if (read.use != nullptr) {
    if (read.use->number() != place.number) return Garbled();
    read.reading = Slabs::Reading::kUnderWay;
  } else {
    read.use = std::make_shared<SlabUse>(worker.up_slabs->words(), Slabs::Taken{place.slab, place.number}, worker.bell);
    worker.up_uses[place.slab] = read.use;
  }
  NoteSlab(worker, read.place.whole);
  return read;
}

absl::StatusOr<Engine::SlabRead> Engine::UseOf(Worker& worker, const Record& record) {
  OutcomeHeader header;
  SlabPlace place;
  if (record.bytes.size() < sizeof header + sizeof place) return Garbled();
  std::memcpy(&header, record.bytes.data(), sizeof header);
  std::memcpy(&place, record.bytes.data() + sizeof header, sizeof place);
  const bool flat = static_cast<Up>(record.kind) == Up::kValues && !worker.in_flight.empty();
  return UseOf(worker, place, header.slab_size, flat ? FlatBytes(worker.in_flight.front()) : 0);
}

// Without the lock, as it may be long. Nobody else takes records out of this ring, and what the record is about stays
// where it is: it has been published.
absl::StatusOr<absl::Span<const std::byte>> Engine::CopyOut(Worker& worker, const SlabRead& read,
                                                            std::vector<std::byte>& storage) {
  mu_.unlock();
  absl::StatusOr<std::vector<std::byte>> copied = worker.up_slabs->Copy(read.place, read.reading);
  mu_.lock();
  if (!copied.ok()) return copied.status();
  storage = *std::move(copied);
  return absl::MakeConstSpan(storage);
}

absl::StatusOr<absl::Span<const std::byte>> Engine::OutcomeBytes(Worker& worker, const Record& record,
                                                                 std::vector<std::byte>& storage) {
  OutcomeHeader header;
  if (record.bytes.size() < sizeof header) return Garbled();
  std::memcpy(&header, record.bytes.data(), sizeof header);
  if (header.slab_size == 0) return absl::MakeConstSpan(record.bytes).subspan(sizeof header);
  const absl::StatusOr<SlabRead> read = UseOf(worker, record);
  if (!read.ok()) return read.status();
  return CopyOut(worker, *read, storage);
}

// Long, as CopyOut. The call isn't over before these have their outcomes.
bool Engine::PlaceUnlocked(detail::OutcomeSink& sink, int64_t first, uint32_t count, absl::Span<const std::byte> bytes) {
  mu_.unlock();
  const bool placed = sink.Place(first, count, bytes);
  mu_.lock();
  return placed;
}

// To somebody who waits for just this. False: there is nobody. A flat batch holds its slab to its end.
bool Engine::Lend(Worker& worker, const OutcomeHeader& header, const Record& record, SlabRead& read) {
  if (!worker.up_slabs->in_place()) return false;
  InFlight& flight = worker.in_flight.front();
  const bool flat = static_cast<Up>(record.kind) == Up::kValues;
  if (flat) flight.slab = read.use;
  const absl::StatusOr<absl::Span<const std::byte>> shown = worker.up_slabs->Show(read.place, read.reading);
  if (!shown.ok()) return false;  // what copying says is the outcome
  Batch& batch = *flight.batch;
  const uint32_t count = flat ? header.count : 1;
  const int64_t index = batch.first_index + batch.next;
  detail::OutcomeSink& sink = *batch.work->sink;
  const bool placed = flat && PlaceUnlocked(sink, index, count, *shown);
  if (!placed && !sink.OnLent(index, count, {*shown, read.use})) return false;
  if (placed) sink.OnPlaced(index, count);
  batch.Advance(count);
  batch.work->open -= count;
  open_ -= count;
  done_ += count;
  return true;
}

// The results of a flat run that its worker didn't live to publish.
absl::StatusOr<absl::Span<const std::byte>> Engine::FlatOfTheDead(Worker& worker, uint32_t done) {
  InFlight& flight = worker.in_flight.front();
  const WorkerWords& words = worker.memory.words();
  const size_t size = size_t{done} * flight.batch->shape.result_bytes;
  const uint32_t slab = words.flat_slab.load(std::memory_order_relaxed);
  if (slab == 0) {
    const RingMemory ring = worker.memory.up();
    const size_t at = words.flat_results.load(std::memory_order_relaxed);
    if (at > ring.capacity || size > ring.capacity - at) return Garbled();
    return absl::MakeConstSpan(ring.data + at, size);
  }
  if (slab > kSlabs || !worker.up_slabs->in_place()) return Garbled();
  const size_t offset = size_t{flight.batch->next - flight.dealt} * flight.batch->shape.result_bytes;
  const uint64_t number = words.up_slabs.used_by[slab - 1].load(std::memory_order_relaxed);
  const absl::StatusOr<SlabRead> read = UseOf(worker, {number, offset, slab - 1}, size, FlatBytes(flight));
  if (!read.ok()) return read.status();
  flight.slab = read->use;
  return worker.up_slabs->Show(read->place, read->reading);
}

void Engine::NoteSlab(Worker& worker, size_t size) {
  if (size > kKeptSlabBytes && worker.down_slabs->in_place()) worker.trims_at = Now() + kTrimAfter;
}

absl::Duration Engine::UntilTrim(const Worker& worker) const {
  if (worker.trims_at == 0) return absl::InfiniteDuration();
  return absl::Nanoseconds(std::max<int64_t>(worker.trims_at - Now(), 0));
}

void Engine::TrimSlabs() {
  for (const auto& worker : workers_) {
    if (worker->trims_at == 0 || worker->being_dealt || Now() < worker->trims_at) continue;
    worker->trims_at = 0;
    worker->down_slabs->Trim();
    // The word that says that a slab is free is the worker's to write, too: what is read here is not unmapped by it.
    const bool read = std::any_of(std::begin(worker->up_uses), std::end(worker->up_uses), [](const auto& use) { return !use.expired(); });
    if (!read) worker->up_slabs->Trim();
    if (read) worker->trims_at = Now() + kTrimAfter;
    worker->bell.Wake(kWantsRoom);
  }
}

}  // namespace progeny::internal
