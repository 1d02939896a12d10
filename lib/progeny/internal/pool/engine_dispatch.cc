// Dealing out. A worker gets more than it runs, so that it never waits for us; what it hasn't begun is
// taken back when another one has nothing to do.
#include <algorithm>
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

// Batches that lie in a worker's ring at once.
constexpr size_t kDealtAtOnce = 64;
// Tiny chunks travel together as long as they take no longer.
constexpr double kDealtNanoseconds = 50'000;
// Who has nothing to do for so long gets some of what a worker has begun.
constexpr absl::Duration kIdleBeforeBreakUp = absl::Milliseconds(1);

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

std::byte* EngineWorker::Reserve(Down kind, size_t size) {
  down.KeepFrom(in_flight.empty() ? RingProducer::kKeepNone : in_flight.front().position);
  const auto record = static_cast<uint32_t>(kind);
  if (std::byte* room = down.Reserve(record, size); room != nullptr) return room;
  // What fills the ring may be all withdrawn or forgotten: no outcome then tells that it was read.
  WantRoom();
  return down.Reserve(record, size);
}

std::optional<Slabs::Taken> EngineWorker::TakeSlab() {
  if (std::optional<Slabs::Taken> slab = down_slabs->Take()) return slab;
  WantRoom();
  return down_slabs->Take();
}

// Before another look: what the worker leaves after that, it tells.
void EngineWorker::WantRoom() {
  memory.words().room_wanted.store(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

// A chunk; of chunks that take next to no time, whose caller wants nothing but all outcomes, several at once.
uint32_t Engine::DealtTogether(const Batch& batch) const {
  if (!batch.work->patient || batch.work->each < 0 || batch.left() <= batch.chunk) return batch.chunk;
  const double in_time = kDealtNanoseconds / std::max(batch.work->each, 1.0);
  const size_t each_bytes = std::max<size_t>(batch.bytes_left().size() / batch.left(), 1);
  const uint64_t most = std::min({static_cast<uint64_t>(in_time), uint64_t{kLargestInline / 2 / each_bytes},
                                  static_cast<uint64_t>(batch.work->open) / (2 * workers_.size())});
  const uint64_t chunks = std::max<uint64_t>(most / batch.chunk, 1);
  return static_cast<uint32_t>(std::min<uint64_t>(chunks * batch.chunk, batch.left()));
}

// What is to be dealt out next.
std::unique_ptr<Engine::Batch> Engine::NextPiece() {
  Batch& first = *queue_.front();
  const uint32_t together = DealtTogether(first);
  if (first.left() > together) return first.Split(together);
  std::unique_ptr<Batch> whole = std::move(queue_.front());
  queue_.pop_front();
  return whole;
}

// Takes `batch` if there is room for it. `written`: its arguments are in this slab already.
Engine::Put Engine::PutBatch(Worker& worker, std::unique_ptr<Batch>& batch, const Slabs::Taken* written) {
  worker.being_dealt = true;  // nobody else's records come between these
  WorkHeader header;
  if (written != nullptr) {
    header.slab = static_cast<uint8_t>(written->slab);
    header.slab_size = batch->end_offset;
  }
  const absl::StatusOr<Put> put = PutAll(worker, *batch, header);
  worker.being_dealt = false;
  if (!put.ok()) {  // it can't travel: that is its outcome
    TellAll(*batch, put.status());
    batch.reset();
    if (written != nullptr) worker.down_slabs->Drop(*written);
    return Put::kDone;
  }
  if (*put == Put::kFull) return Put::kFull;
  const uint32_t left = batch->left();
  const uint32_t dealt = batch->next;
  const bool unwanted = batch->work->cancelled;  // meanwhile
  worker.in_flight.push_back({std::move(batch), worker.next_task, dealt, last_put_, worker.down.position()});
  worker.next_task += left;
  LeaveToSlab(worker, worker.in_flight.back(), header);
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
  if (LateTasksNeedALook()) WakeDispatcher();
}

// From a worker, all batches but the first `keep` that it hasn't begun.
bool Engine::TakeBack(Worker& worker, size_t keep) {
  bool any = false;
  while (worker.in_flight.size() > keep) {
    InFlight& last = worker.in_flight.back();
    Claim free = Claim::kFree;
    if (last.header == nullptr) break;
    if (!last.header->claim.compare_exchange_strong(free, Claim::kWithdrawn)) break;
    TakeFromSlab(last);
    Requeue(std::move(last.batch));
    worker.in_flight.pop_back();
    any = true;
  }
  return any;
}

void Engine::Rebalance() {
  if (!queue_.empty() || state_ == State::kEnding) return idle_since_.reset();
  for (const auto& idle : workers_) {
    if (!idle->is_free()) continue;
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
    if (load < (starting ? 1 : 2)) return BreakUp();
    if (!TakeBack(*busiest, starting ? load / 2 : (load + 1) / 2)) return BreakUp();
    Dispatch(true);
  }
  idle_since_.reset();
}

// What was dealt out together because it seemed to take no time may hold one element that does. Somebody
// is idle: after a while workers are told to stop at their next element, and give back what they have left.
void Engine::BreakUp() {
  bool any = false;
  for (const auto& worker : workers_) {
    if (!worker->alive() || worker->in_flight.empty()) continue;
    InFlight& flight = worker->in_flight.front();
    Batch& batch = *flight.batch;
    if (batch.left() < 2 || (batch.count <= batch.chunk && !batch.divisible)) continue;
    if (flight.header == nullptr) continue;
    const Claim claim = flight.header->claim.load();
    if (claim != Claim::kFree && claim != Claim::kTaken) continue;
    any = true;  // also of what is about to begin, which nothing may tell for long
    if (claim == Claim::kFree || !idle_since_ || absl::Now() - *idle_since_ < kIdleBeforeBreakUp) continue;
    Claim taken = Claim::kTaken;
    flight.header->claim.compare_exchange_strong(taken, Claim::kStopped);
    const auto workers = static_cast<uint32_t>(workers_.size());
    if (batch.divisible) batch.chunk = (batch.left() + workers - 1) / workers;
  }
  if (!any) return idle_since_.reset();
  if (!idle_since_) idle_since_ = absl::Now();
}

}  // namespace progeny::internal
