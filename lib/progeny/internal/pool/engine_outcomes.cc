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
  silent_deaths = 0;
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
  // A worker that finds its ring empty or full because of that would wait for ever.
  if (worker.garbled.ok() && !(worker.down.intact() && worker.up.intact())) {
    worker.garbled = Garbled("the pool's own words");
    Kill(worker);
  }
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
  if (any) worker.bell.Wake(kWantsRoom);
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

void Engine::TellValues(Batch& batch, uint32_t count, absl::Span<const std::byte> bytes,
                        std::vector<std::byte>& owned) {
  const int64_t index = batch.first_index + batch.next;
  batch.Advance(count);
  batch.work->open -= count;
  open_ -= count;
  done_ += count;
  detail::OutcomeSink& sink = *batch.work->sink;
  if (batch.shape.flat() && sink.Place(index, count, bytes)) return sink.OnPlaced(index, count);
  sink.OnValues(index, count, bytes, owned);
}

absl::Status Engine::CheckValues(Worker& worker, const OutcomeHeader& header, size_t size) {
  const Batch& batch = *worker.in_flight.front().batch;
  if (!batch.shape.flat() || header.count == 0 || header.count > batch.left() ||
      size != size_t{header.count} * batch.shape.result_bytes) {
    return Garbled("outcomes of another size");
  }
  return absl::OkStatus();
}

// Of kValue and kValues.
absl::Status Engine::HandleValues(Worker& worker, const OutcomeHeader& header, const Record& record) {
  const bool flat = static_cast<Up>(record.kind) == Up::kValues;
  const size_t size = header.slab_size > 0 ? header.slab_size : record.bytes.size() - sizeof header;
  if (absl::Status checked = flat ? CheckValues(worker, header, size) : absl::OkStatus(); !checked.ok()) return checked;
  SlabRead read;  // held until it is copied, if nobody takes it as it is
  if (header.slab_size > 0) {
    absl::StatusOr<SlabRead> used = UseOf(worker, record);
    if (!used.ok()) return used.status();
    read = *std::move(used);
    if (Lend(worker, header, record, read)) return absl::OkStatus();
  }
  std::vector<std::byte> storage;
  const auto bytes = read.use != nullptr ? CopyOut(worker, read, storage) : OutcomeBytes(worker, record, storage);
  Batch& batch = *worker.in_flight.front().batch;
  if (bytes.ok()) {
    TellValues(batch, flat ? header.count : 1, *bytes, storage);
  } else if (flat) {
    return bytes.status();
  } else {
    Tell(batch, bytes.status());
  }
  return absl::OkStatus();
}

absl::Status Engine::HandleOutcome(Worker& worker, const Record& record) {
  OutcomeHeader header;
  if (record.bytes.size() < sizeof header) return Garbled("an outcome without a head");
  std::memcpy(&header, record.bytes.data(), sizeof header);
  const auto kind = static_cast<Up>(record.kind);
  if (worker.in_flight.empty()) return Garbled("an outcome that nobody waits for");
  if (header.task != worker.in_flight.front().next_task()) return Garbled("an outcome of another task");
  Batch& batch = *worker.in_flight.front().batch;  // it stays the first: it has begun
  if (kind != Up::kEnd && batch.left() == 0) return Garbled("an outcome of no task");
  if (kind == Up::kEnd) {
    if (header.after == After::kGoesOn) return Garbled("an end that is none");
  } else if (kind == Up::kStatus) {
    std::vector<std::byte> storage;
    const auto bytes = OutcomeBytes(worker, record, storage);
    Tell(batch, bytes.ok() ? DecodeStatus(*bytes) : bytes.status());
  } else if (absl::Status told = HandleValues(worker, header, record); !told.ok()) {
    return told;
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
  TakeFromSlab(flight);
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
  if (done == 0 || done > batch.left()) return;
  const absl::StatusOr<absl::Span<const std::byte>> bytes = FlatOfTheDead(worker, done);
  if (!bytes.ok()) return;
  std::vector<std::byte> elsewhere;
  TellValues(batch, done, *bytes, elsewhere);
  worker.memory.words().running.store(flight.next_task());  // it was at the next one
}

}  // namespace progeny::internal
