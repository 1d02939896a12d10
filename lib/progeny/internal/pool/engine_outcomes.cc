// From a worker's ring to whoever waits. A worker's word is checked against what it was given: one that
// says what can't be is ended, and its task has died.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "progeny/codec.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {

absl::Status Garbled(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("a pool's worker has garbled its memory: ", what));
}

namespace {

constexpr size_t kKeptAreaBytes = 4 << 20;

// The status that these bytes encode; one that can't be decoded is an error all the same.
absl::Status DecodeStatus(absl::Span<const std::byte> bytes) {
  absl::Status told;
  detail::ByteReader reader(bytes);
  const absl::Status decoded = detail::DecodeFrom(reader, told);
  if (!decoded.ok()) return decoded;
  return told.ok() ? Garbled("an error that is none") : told;
}

}  // namespace

size_t EngineBatch::OffsetAfter(uint32_t elements) const {
  if (elements == left()) return end_offset;
  if (shape.flat()) return next_offset + size_t{elements} * shape.argument_bytes;
  size_t offset = next_offset;
  for (; elements > 0; --elements) {
    ElementSize size = 0;
    std::memcpy(&size, call->bytes.data() + offset, sizeof size);
    offset += sizeof size + size;
  }
  return offset;
}

void EngineBatch::Advance(uint32_t elements) {
  next_offset = OffsetAfter(elements);
  next += elements;
  deaths.clear();
}

std::unique_ptr<EngineBatch> EngineBatch::Split(uint32_t elements) {
  auto piece = std::make_unique<EngineBatch>();
  piece->work = work;
  piece->first_index = first_index + next;
  piece->count = elements;
  piece->chunk = std::min(chunk, elements);
  piece->divisible = divisible;
  piece->state_inline = state_inline;
  piece->shape = shape;
  piece->call = call;
  piece->next_offset = next_offset;
  piece->end_offset = OffsetAfter(elements);
  piece->deaths = std::move(deaths);
  Advance(elements);
  return piece;
}

void Engine::Tell(Batch& batch, absl::Status status) {
  const int64_t index = batch.first_index + batch.next;
  batch.Advance();
  --batch.work->open;
  --open_;
  ++failed_;
  batch.work->sink->OnStatus(index, std::move(status));
}

void Engine::TellAll(Batch& batch, const absl::Status& status) {
  while (batch.left() > 0) Tell(batch, status);
}

// In front of everybody else: it has waited already.
void Engine::Requeue(std::unique_ptr<Batch> batch) {
  if (batch->left() == 0) return KeepSpare(std::move(batch));
  if (state_ == State::kEnding) return TellAll(*batch, end_reason_);
  if (batch->work->cancelled) {
    return TellAll(*batch, absl::CancelledError("the task was cancelled before it started"));
  }
  queue_.push_front(std::move(batch));
}

void Engine::Drain(Worker& worker) {
  bool any = false;
  while (worker.garbled.ok()) {
    absl::StatusOr<std::optional<Record>> record = worker.up.Peek();
    if (record.ok() && !*record) break;
    worker.garbled = record.ok() ? HandleRecord(worker, **record) : record.status();
    if (!worker.garbled.ok()) {
      Kill(worker);
      break;
    }
    worker.up.Pop();
    any = true;
  }
  if (any) worker.bell.Wake();  // it may wait for room
}

absl::Status Engine::HandleRecord(Worker& worker, const Record& record) {
  switch (static_cast<Up>(record.kind)) {
    case Up::kReady:
      if (worker.life == Life::kStarting) worker.life = Life::kReady;
      failures_in_a_row_ = 0;
      kills_in_a_row_ = 0;
      return absl::OkStatus();
    case Up::kInitFailed: {
      std::vector<std::byte> storage;
      auto bytes = OutcomeBytes(worker, record, storage);
      worker.init_failure = bytes.ok() ? DecodeStatus(*bytes) : bytes.status();
      return absl::OkStatus();
    }
    case Up::kValue:
    case Up::kValues:
    case Up::kStatus:
    case Up::kEnd:
      return HandleOutcome(worker, record);
    case Up::kAnswer:
      return HandleAnswer(worker, record);
  }
  return Garbled("a record of no kind");
}

// Of an area: read without the lock, as it may be long. Nobody else takes records out of this ring, and
// what the record is about stays where it is: it has been published.
absl::StatusOr<absl::Span<const std::byte>> Engine::OutcomeBytes(Worker& worker, const Record& record,
                                                                 std::vector<std::byte>& storage) {
  OutcomeHeader header;
  if (record.bytes.size() < sizeof header) return Garbled("an outcome without a head");
  std::memcpy(&header, record.bytes.data(), sizeof header);
  if (header.area_size == 0) return absl::MakeConstSpan(record.bytes).subspan(sizeof header);
  mu_.unlock();
  platform::SharedRegion& region = worker.memory.region();
  absl::StatusOr<std::vector<std::byte>> read =
      region.ReadArea(WorkerMemory::kUpArea, header.area_size);
  if (header.area_size > kKeptAreaBytes) region.ReleaseArea(WorkerMemory::kUpArea, header.area_size);
  mu_.lock();
  worker.memory.words().up_area_taken.fetch_add(1, std::memory_order_release);
  worker.bell.Wake();
  if (!read.ok()) return read.status();
  storage = *std::move(read);
  return absl::MakeConstSpan(storage);
}

void Engine::TellValues(Batch& batch, uint32_t count, absl::Span<const std::byte> bytes,
                        std::vector<std::byte>& owned) {
  const int64_t index = batch.first_index + batch.next;
  batch.Advance(count);
  batch.work->open -= count;
  open_ -= count;
  done_ += count;
  batch.work->sink->OnValues(index, count, bytes, owned);
}

absl::Status Engine::HandleValues(Worker& worker, const OutcomeHeader& header, absl::Span<const std::byte> bytes) {
  Batch& batch = *worker.in_flight.front().batch;
  if (!batch.shape.flat() || header.count == 0 || header.count > batch.left() ||
      bytes.size() != size_t{header.count} * batch.shape.result_bytes) {
    return Garbled("outcomes of another size");
  }
  std::vector<std::byte> elsewhere;
  TellValues(batch, header.count, bytes, elsewhere);
  return absl::OkStatus();
}

absl::Status Engine::HandleOutcome(Worker& worker, const Record& record) {
  OutcomeHeader header;
  if (record.bytes.size() < sizeof header) return Garbled("an outcome without a head");
  std::memcpy(&header, record.bytes.data(), sizeof header);
  const auto kind = static_cast<Up>(record.kind);
  std::vector<std::byte> storage;
  absl::StatusOr<absl::Span<const std::byte>> bytes = OutcomeBytes(worker, record, storage);
  if (worker.in_flight.empty()) return Garbled("an outcome that nobody waits for");
  InFlight& flight = worker.in_flight.front();
  if (header.task != flight.next_task()) return Garbled("an outcome of another task");
  Batch& batch = *flight.batch;
  if (kind != Up::kEnd && batch.left() == 0) return Garbled("an outcome of no task");
  if (kind == Up::kValues) {
    absl::Status told = bytes.ok() ? HandleValues(worker, header, *bytes) : bytes.status();
    if (!told.ok()) return told;
  } else if (kind == Up::kEnd) {
    if (header.after == After::kGoesOn) return Garbled("an end that is none");
  } else if (!bytes.ok()) {
    Tell(batch, bytes.status());
  } else if (kind == Up::kStatus) {
    Tell(batch, DecodeStatus(*bytes));
  } else {
    TellValues(batch, 1, *bytes, storage);
  }
  if (header.after != After::kGoesOn) CloseBatch(worker, header);
  return absl::OkStatus();
}

void Engine::NoteTime(detail::PoolWork& work, uint32_t elements, int64_t nanoseconds) {
  const double each = static_cast<double>(nanoseconds) / elements;
  work.each = work.each < 0 ? each : (work.each * 3 + each) / 4;
  work.sink->OnMeasured(elements, nanoseconds);
}

// The worker has done with its oldest batch; what it left undone is dealt out anew.
void Engine::CloseBatch(Worker& worker, const OutcomeHeader& header) {
  InFlight flight = std::move(worker.in_flight.front());
  worker.in_flight.pop_front();
  const uint32_t executed = flight.batch->next - flight.dealt;
  if (header.nanoseconds > 0 && executed > 0) NoteTime(*flight.batch->work, executed, header.nanoseconds);
  if (header.after == After::kRetires) {
    // It never looks at what else it was given.
    worker.life = Life::kLeaving;
    HandOn(worker);
  }
  Requeue(std::move(flight.batch));
}

// The results of a flat run that its worker didn't live to publish.
void Engine::TakeFlatOfTheDead(Worker& worker) {
  if (worker.in_flight.empty() || !worker.garbled.ok()) return;
  InFlight& flight = worker.in_flight.front();
  Batch& batch = *flight.batch;
  const WorkerWords& words = worker.memory.words();
  if (!batch.shape.flat() || batch.left() == 0 || words.running.load() != flight.next_task()) return;
  const uint32_t done = words.flat_done.load(std::memory_order_acquire);
  const RingMemory ring = worker.memory.up();
  const size_t at = words.flat_results.load(std::memory_order_relaxed);
  const size_t size = size_t{done} * batch.shape.result_bytes;
  if (done == 0 || done > batch.left() || at > ring.capacity || size > ring.capacity - at) return;
  std::vector<std::byte> elsewhere;
  TellValues(batch, done, {ring.data + at, size}, elsewhere);
  worker.memory.words().running.store(flight.next_task());  // it was at the next one
}

}  // namespace progeny::internal
