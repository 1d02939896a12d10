// Dealing out. A worker gets more than it runs, so that it never waits for us; what it hasn't begun is
// taken back when another one has nothing to do.
#include <algorithm>
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

// Batches that lie in a worker's ring at once.
constexpr size_t kDealtAtOnce = 64;

}  // namespace

Engine::Worker* Engine::LeastLoaded() {
  Worker* best = nullptr;
  for (const auto& worker : workers_) {
    if (!worker->takes_work() || worker->being_dealt || worker->in_flight.size() >= kDealtAtOnce) continue;
    const auto load = [](const Worker& w) {
      return w.in_flight.size() * 2 + (w.life == Life::kStarting ? 1 : 0);
    };
    if (best == nullptr || load(*worker) < load(*best)) best = worker.get();
  }
  return best;
}

std::byte* Engine::Worker::Reserve(Down kind, size_t size) {
  down.KeepFrom(in_flight.empty() ? RingProducer::kKeepNone : in_flight.front().position);
  const auto record = static_cast<uint32_t>(kind);
  if (std::byte* room = down.Reserve(record, size); room != nullptr) return room;
  // What fills the ring may be all withdrawn or forgotten: no outcome then tells that it was read.
  memory.words().room_wanted.store(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return down.Reserve(record, size);
}

// What is to be dealt out next, as one chunk.
std::unique_ptr<Engine::Batch> Engine::NextPiece() {
  Batch& first = *queue_.front();
  if (first.left() > first.chunk) return first.Split(first.chunk);
  std::unique_ptr<Batch> whole = std::move(queue_.front());
  queue_.pop_front();
  return whole;
}

// Takes `batch` if there is room for it.
Engine::Put Engine::PutBatch(Worker& worker, std::unique_ptr<Batch>& batch) {
  worker.being_dealt = true;  // nobody else's records come between these
  const absl::StatusOr<Put> put = PutAll(worker, *batch);
  worker.being_dealt = false;
  if (!put.ok()) {  // it can't travel: that is its outcome
    TellAll(*batch, put.status());
    batch.reset();
    return Put::kDone;
  }
  if (*put == Put::kFull) return Put::kFull;
  const uint32_t left = batch->left();
  const uint32_t dealt = batch->next;
  const bool unwanted = batch->work->cancelled;  // meanwhile
  worker.in_flight.push_back({std::move(batch), worker.next_task, dealt, last_put_, worker.down.position()});
  worker.next_task += left;
  if (unwanted) Drop(worker.in_flight.back().batch->work, absl::CancelledError("the task was cancelled"));
  return Put::kDone;
}

void Engine::Dispatch(bool drives) {
  if (state_ == State::kEnding || state_ == State::kEnded) return;
  uint64_t touched[8] = {};  // workers, by the low bits of their index: to be woken once each
  bool any = false;
  while (!queue_.empty()) {
    Worker* worker = LeastLoaded();
    if (worker == nullptr) break;
    std::unique_ptr<Batch> batch = NextPiece();
    const bool large = batch->bytes_left().size() > kLargestInline || batch->work->state.size() > kLargestInline;
    if (large && !drives) {
      queue_.push_front(std::move(batch));
      WakeDispatcher();
      break;
    }
    const Put put = PutBatch(*worker, batch);
    if (put == Put::kFull) {
      if (batch->work->cancelled || state_ == State::kEnding) {
        TellAll(*batch, end_reason_.ok() ? absl::CancelledError("the task was cancelled") : end_reason_);
        continue;
      }
      queue_.push_front(std::move(batch));
      break;
    }
    touched[worker->index / 64 % 8] |= uint64_t{1} << (worker->index % 64);
    any = true;
  }
  if (any) {
    for (const auto& worker : workers_) {
      if ((touched[worker->index / 64 % 8] >> (worker->index % 64) & 1U) != 0) worker->bell.Wake();
    }
  }
}

// What was just queued. Whoever finds that nobody drives writes large work himself.
void Engine::DispatchNow() {
  const bool idle = driver_ == Driver::kNone;
  if (idle) driver_ = Driver::kCaller;
  Dispatch(idle || helper_ == std::this_thread::get_id());
  if (idle) {
    driver_ = Driver::kNone;
    if (!dispatcher_sleeps_) driver_left_.notify_one();
  }
  // It may have gone to sleep when nothing ran that could be late.
  if (dispatcher_deadline_.infinite() && !NextDeadline().infinite()) WakeDispatcher();
}

// From a worker, all batches but the first `keep` that it hasn't begun.
bool Engine::TakeBack(Worker& worker, size_t keep) {
  bool any = false;
  while (worker.in_flight.size() > keep) {
    InFlight& last = worker.in_flight.back();
    Claim free = Claim::kFree;
    if (!last.header->claim.compare_exchange_strong(free, Claim::kWithdrawn)) break;
    queue_.push_front(std::move(last.batch));
    worker.in_flight.pop_back();
    any = true;
  }
  return any;
}

void Engine::Rebalance() {
  if (!queue_.empty() || state_ == State::kEnding) return;
  for (const auto& idle : workers_) {
    if (idle->life != Life::kReady || !idle->in_flight.empty()) continue;
    Worker* busiest = nullptr;
    for (const auto& worker : workers_) {
      if (!worker->alive()) continue;
      if (busiest == nullptr || worker->in_flight.size() > busiest->in_flight.size()) {
        busiest = worker.get();
      }
    }
    const size_t load = busiest->in_flight.size();
    // One that hasn't even started may lose all of it.
    const bool starting = busiest->life == Life::kStarting;
    if (load < (starting ? 1 : 2)) return;
    if (!TakeBack(*busiest, starting ? load / 2 : (load + 1) / 2)) return;
    Dispatch(true);
  }
}

}  // namespace progeny::internal
