// What a worker tells its pool, and how it waits for it. worker_loop.cc tells the races.
#include <cstring>

#include "progeny/codec.h"
#include "progeny/internal/pool/worker_loop.h"

namespace progeny::internal {
namespace {

constexpr int kSpinsOfWorker = 2000;  // some 20 us
// Inside a chunk the pool is woken so often at most: for outcomes one by one it costs more than they do.
constexpr int64_t kWakeInChunk = 200'000;  // ns

}  // namespace

void WorkerLoop::SleepUntil(WorkerWants wants, absl::FunctionRef<bool()> ready) {
  while (!ready()) {
    if (pool_bell_.PeerRunsElsewhere()) {
      for (int i = 0; i < kSpinsOfWorker; ++i) {
        if (ready()) return;
      }
    }
    const uint32_t ticket = bell_.Announce(wants);
    if (words_.room_wanted.load(std::memory_order_relaxed) != 0) {
      words_.room_wanted.store(0, std::memory_order_relaxed);
      pool_bell_.Wake();
    }
    if (!ready()) bell_.Sleep(ticket, platform::Deadline::Infinite());
    bell_.Withdraw();
    bell_.NoteCpu();
  }
}

void WorkerLoop::SendStatus(Up kind, OutcomeHeader header, const absl::Status& status) {
  std::vector<std::byte> bytes;
  // A status always encodes: its message and payloads are strings.
  (void)detail::EncodeTo(bytes, status);
  Publish(kind, header, bytes);
}

void WorkerLoop::TellReady() {
  ReserveOutcome(Up::kReady, 0);
  up_.Commit();
  pool_bell_.Wake();
}

std::byte* WorkerLoop::ReserveOutcome(Up kind, size_t size) {
  std::byte* room = up_.Reserve(static_cast<uint32_t>(kind), size);
  if (room != nullptr) return room;
  pool_bell_.Wake();
  SleepUntil(kWantsRoom, [&] { return (room = up_.Reserve(static_cast<uint32_t>(kind), size)) != nullptr; });
  return room;
}

// From here on the pool no longer ends this process for that task. False: it has decided to already.
bool WorkerLoop::MarkDone(uint64_t task) {
  uint64_t running = task;
  condemned_ = !words_.running.compare_exchange_strong(running, task | kDone);
  return !condemned_;
}

// A sleeping pool is told of each outcome, but inside a chunk, and where nobody waits for a single one and
// more is to be done at once, only so often: ringing costs more than many a task.
void WorkerLoop::RingAfter(const OutcomeHeader& header, bool waits) {
  owes_ring_ = pool_bell_.Sleeps();
  if (!owes_ring_) return;
  const bool more_follows = header.after == After::kGoesOn ? in_chunk_ : !waits && down_.more();
  if (more_follows && !up_.crowded() && Now() - last_wake_ < kWakeInChunk) return;
  owes_ring_ = false;
  last_wake_ = Now();
  pool_bell_.Wake();
}

void WorkerLoop::Publish(Up kind, OutcomeHeader header, absl::Span<const std::byte> bytes) {
  if (bytes.size() > kLargestInline) return PublishLarge(kind, header, bytes);
  std::byte* room = ReserveOutcome(kind, sizeof header + bytes.size());
  std::memcpy(room, &header, sizeof header);
  if (!bytes.empty()) std::memcpy(room + sizeof header, bytes.data(), bytes.size());
  if (kind != Up::kInitFailed && !MarkDone(header.task)) return;
  up_.Commit();
  RingAfter(header, true);
}

void WorkerLoop::PublishFlat(Batch& batch, std::byte* room, uint32_t done) {
  const uint64_t offset = batch.executed * uint64_t{batch.header.shape.result_bytes};
  OutcomeHeader header = HeaderAfter(batch, done);
  if (batch.results != nullptr) {
    header.slab_size = done * uint64_t{batch.header.shape.result_bytes};
    PublishInSlab(Up::kValues, header, {batch.slab->number, offset, batch.slab->slab});
    batch.slab_told = true;
    return RingAfter(header, !batch.header.patient);
  }
  std::memcpy(room, &header, sizeof header);
  if (!MarkDone(header.task)) return;
  up_.CommitFirst(sizeof header + done * size_t{batch.header.shape.result_bytes});
  RingAfter(header, !batch.header.patient);
}

// Of a batch that was stopped.
void WorkerLoop::PublishEnd(Batch& batch) {
  OutcomeHeader header = HeaderAfter(batch, 0);
  if (header.after == After::kGoesOn) header.after = batch.after = After::kEnds;
  std::byte* room = ReserveOutcome(Up::kEnd, sizeof header);
  std::memcpy(room, &header, sizeof header);
  up_.Commit();
  RingAfter(header, true);
}

}  // namespace progeny::internal
