// Work comes in. What is flat, large and lies in memory is written straight into a worker's slab (WriteToSlab); all else is
// written by its caller, and dealt out at once if somebody has room for it.
//
// * While a slab is written to, without the lock, nobody settles that worker, deals to it or trims its slabs
//   (being_dealt); its elements count as open, so a pool that is closed meanwhile stays for them.
// * The worker has died or is leaving by then, or its ring is full: what was written is read back, and waits in the
//   queue; who drives settles the worker now. The call was cancelled, the pool terminated: its elements, which
//   nobody else has seen, are told so here.
// * Who feeds what it will wait for drives meanwhile (BeginFeed): outcomes lie in their rings until it has fed, or for
//   kTurnWhileFeeding and the time that one slab takes. So no worker stops for want of work while another one's results
//   are copied; what others change, and a worker's end, wait as long (turn_wanted_). When nobody has a slab free it
//   looks at once, as then workers do wait for a turn. It waits next, or leaves by MapRun's destructor: either calls Help.
#include <cstring>
#include <utility>

#include "progeny/internal/pool/current_task.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

constexpr int64_t kTurnWhileFeeding = 2'000'000;  // ns

}  // namespace

std::shared_ptr<detail::PoolWork> Engine::Begin(detail::CallRequest request) {
  auto work = std::make_shared<detail::PoolWork>();
  work->sink = std::move(request.sink);
  work->node = request.node;
  work->state = std::move(request.state);
  work->kept = std::move(request.kept);
  work->patient = request.patient;
  work->measured = request.measured;
  std::lock_guard<std::mutex> lock(mu_);
  work->seed = MixSeeds(options_.seed, ++calls_);
  if (request.has_state) work->job = ++jobs_;
  return work;
}

absl::Status Engine::CheckOpen() const {
  if (state_ == State::kOpen) return absl::OkStatus();
  if (!end_reason_.ok()) return end_reason_;
  return absl::FailedPreconditionError("submit to a pool: it is closed");
}

void Engine::Refuse(const std::shared_ptr<detail::PoolWork>& work, const detail::Elements& elements,
                    const absl::Status& reason) {
  for (uint32_t i = 0; i < elements.count; ++i) {
    ++failed_;
    work->sink->OnStatus(elements.first_index + i, reason);
  }
}

// Each counts from here on. Takes their bytes and handles.
std::unique_ptr<Engine::Batch> Engine::Admit(const std::shared_ptr<detail::PoolWork>& work, detail::Elements& elements, size_t size) {
  auto batch = std::make_unique<Batch>();
  batch->work = work;
  batch->first_index = elements.submitted ? submissions_++ : elements.first_index;
  batch->count = elements.count;
  batch->chunk = elements.chunk > 0 ? elements.chunk : elements.count;
  batch->divisible = elements.divisible;
  batch->state_inline = elements.state_inline;
  if (elements.flat) batch->shape = work->node->shape;
  batch->end_offset = size;
  batch->call = std::make_shared<detail::EncodedCall>(
      detail::EncodedCall{std::move(elements.bytes), std::move(elements.kept), elements.flat, elements.block_at});
  work->open += batch->count;
  open_ += batch->count;
  return batch;
}

void Engine::Enqueue(const std::shared_ptr<detail::PoolWork>& work, detail::Elements elements) {
  if (elements.count == 0) return;
  std::lock_guard<std::mutex> lock(mu_);
  if (absl::Status open = CheckOpen(); !open.ok()) return Refuse(work, elements, open);
  if (work->cancelled) return Refuse(work, elements, absl::CancelledError("the task was cancelled: its call was"));
  queue_.push_back(Admit(work, elements, elements.bytes.size()));
  if (elements.awaited) BeginHelp();
  if (driver_ == Driver::kNone && dispatcher_sleeps_) Announce();  // before anybody has something to tell
  DispatchNow();
  if (!elements.awaited) LookUp();
}

void Engine::EnqueueInPlace(const std::shared_ptr<detail::PoolWork>& work, detail::Elements elements, size_t size,
                            absl::FunctionRef<void(std::byte*)> write) {
  const bool single = elements.submitted;
  const bool together = single || elements.count <= elements.chunk;
  if (size > kLargestInline && together && WriteToSlab(work, elements, size, write)) return;
  elements.bytes.resize(size);
  write(elements.bytes.data());
  if (!single) elements.awaited = false;  // others may come first
  Enqueue(work, std::move(elements));
}

// False when there is nobody to have it at once, or no memory: then nothing has happened.
bool Engine::WriteToSlab(const std::shared_ptr<detail::PoolWork>& work, detail::Elements& elements, size_t size,
                         absl::FunctionRef<void(std::byte*)> write) {
  std::unique_lock<std::mutex> lock(mu_);
  const bool could = CheckOpen().ok() && !work->cancelled && queue_.empty();
  Worker* const worker = could && size <= kMostLeftToSlab ? LeastLoaded() : nullptr;
  if (worker == nullptr || !worker->down_slabs->in_place()) return false;
  const std::optional<Slabs::Taken> slab = worker->down_slabs->Take();
  if (!slab) return false;
  std::unique_ptr<Batch> batch = Admit(work, elements, size);
  if (elements.awaited) BeginFeed();  // as in Enqueue
  if (driver_ == Driver::kNone && dispatcher_sleeps_) Announce();
  worker->being_dealt = true;
  lock.unlock();
  const uint32_t offset = worker->SlabOffset(*batch);
  const absl::StatusOr<absl::Span<std::byte>> room = worker->down_slabs->Room(slab->slab, offset + size);
  if (room.ok()) write(room->data() + offset);
  lock.lock();
  worker->being_dealt = false;
  NoteSlab(*worker, size);
  if (room.ok()) {
    DealWritten(*worker, *slab, std::move(batch));
  } else {
    worker->down_slabs->Drop(*slab);
    work->open -= batch->count;
    open_ -= batch->count;
    elements.first_index = batch->first_index;  // its number is taken
    elements.submitted = false;
  }
  if (worker->gone || LateTasksNeedALook()) WakeDispatcher();
  if (Now() - looked_up_ > kTurnWhileFeeding) LookUp();
  return room.ok();
}

void Engine::BeginFeed() {
  if (driver_ == Driver::kNone) looked_up_ = Now();
  BeginHelp();
}

void Engine::LookUp() {
  if (helper_ != std::this_thread::get_id()) return;
  looked_up_ = Now();
  if (AnythingToDo() && !TakeTurn()) EndHelp(false);
}

void Engine::DealWritten(Worker& worker, const Slabs::Taken& slab, std::unique_ptr<Batch> batch) {
  Put put = Put::kFull;
  if (worker.takes_work() && state_ != State::kEnding && !batch->work->cancelled) put = PutBatch(worker, batch, &slab);
  if (put == Put::kDone) return worker.bell.Wake();
  InFlight written{.batch = std::move(batch)};
  written.arguments_at = worker.SlabOffset(*written.batch);
  written.arguments = Slabs::Hold(*worker.down_slabs, slab.slab);
  TakeFromSlab(written);
  worker.down_slabs->Drop(slab);
  Requeue(std::move(written.batch));
  DispatchNow();
}

void Engine::End(const std::shared_ptr<detail::PoolWork>& work) {
  if (work->job == 0) return;
  std::lock_guard<std::mutex> lock(mu_);
  for (const auto& worker : workers_) {
    if (!worker->takes_work() || worker->known_jobs.erase(work->job) == 0) continue;
    std::byte* room = worker->Reserve(Down::kForget, sizeof work->job);
    if (room == nullptr) continue;  // it keeps the state until it ends
    std::memcpy(room, &work->job, sizeof work->job);
    worker->down.Commit();
  }
}

}  // namespace progeny::internal
