// From a worker's ring to whoever waits. A worker's word is checked against what it was given: one that
// says what can't be is ended, and its task has died.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "progeny/codec.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

constexpr size_t kKeptAreaBytes = 4 << 20;

absl::Status Garbled(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("a pool's worker has garbled its memory: ", what));
}

// The status that these bytes encode; one that can't be decoded is an error all the same.
absl::Status DecodeStatus(absl::Span<const std::byte> bytes) {
  absl::Status told;
  detail::ByteReader reader(bytes);
  const absl::Status decoded = detail::DecodeFrom(reader, told);
  if (!decoded.ok()) return decoded;
  return told.ok() ? Garbled("an error that is none") : told;
}

}  // namespace

void Engine::Batch::Advance() {
  ElementSize size = 0;
  std::memcpy(&size, bytes.data() + next_offset, sizeof size);
  next_offset += sizeof size + size;
  ++next;
  deaths.clear();
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
  if (batch->left() == 0) return;
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
    case Up::kStatus:
      return HandleOutcome(worker, record);
    case Up::kEnd:
      return HandleEnd(worker, record);
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

absl::Status Engine::HandleOutcome(Worker& worker, const Record& record) {
  OutcomeHeader header;
  if (record.bytes.size() < sizeof header) return Garbled("an outcome without a head");
  std::memcpy(&header, record.bytes.data(), sizeof header);
  std::vector<std::byte> storage;
  absl::StatusOr<absl::Span<const std::byte>> bytes = OutcomeBytes(worker, record, storage);
  if (worker.in_flight.empty()) return Garbled("an outcome that nobody waits for");
  InFlight& flight = worker.in_flight.front();
  if (flight.batch->left() == 0 || header.task != flight.next_task()) {
    return Garbled("an outcome of another task");
  }
  Batch& batch = *flight.batch;
  if (!bytes.ok()) {
    Tell(batch, bytes.status());
  } else if (record.kind == static_cast<uint32_t>(Up::kStatus)) {
    Tell(batch, DecodeStatus(*bytes));
  } else {
    const int64_t index = batch.first_index + batch.next;
    batch.Advance();
    --batch.work->open;
    --open_;
    ++done_;
    batch.work->sink->OnValue(index, *bytes);
  }
  return absl::OkStatus();
}

absl::Status Engine::HandleEnd(Worker& worker, const Record& record) {
  EndHeader end;
  if (record.bytes.size() != sizeof end) return Garbled("an end of another size");
  std::memcpy(&end, record.bytes.data(), sizeof end);
  if (worker.in_flight.empty()) return Garbled("an end that nobody waits for");
  InFlight flight = std::move(worker.in_flight.front());
  worker.in_flight.pop_front();
  if (flight.next_task() != end.first_task + end.executed) {
    worker.in_flight.push_front(std::move(flight));
    return Garbled("an end of another batch");
  }
  flight.batch->work->sink->OnMeasured(end.executed, absl::Nanoseconds(end.nanoseconds));
  if (end.retires != 0) {
    // It never looks at what else it was given.
    worker.life = Life::kLeaving;
    while (!worker.in_flight.empty()) {
      Requeue(std::move(worker.in_flight.back().batch));
      worker.in_flight.pop_back();
    }
  }
  Requeue(std::move(flight.batch));
  return absl::OkStatus();
}

}  // namespace progeny::internal
