// One element, whose caller waits for its outcome: Apply of what is flat. A small request goes from the
// caller's stack into the ring of a worker that has nothing to do, and the outcome from that worker's ring onto
// the caller's stack; two looks at the lock, no memory but what the last one has left (spare_), nobody woken.
// In the engine it is a batch of one element like any other, so everything that may become of one (its worker
// dies, its pool is terminated, it is late) becomes of it in the same places.
//
// * The pool is busy, or somebody else drives: it waits in the queue, as a Submit would, and its caller
//   waits until it is told.
// * It takes longer than somebody should spin: the caller hands back, and waits. Whoever drives then tells
//   the answer, which lies on the caller's stack: the lock is held while it is told, and the caller takes
//   it before it leaves. `work->sink` owns nothing; it is used once for the one element.
// * The caller leaves the bell as it is when the pool is quiet: the dispatcher sleeps, no element is open,
//   no worker comes or goes. Then the dispatcher's announcement is off the bell, and a worker would ring
//   for nobody, but has nothing to tell. Whoever ends the quiet does so under the lock, and announces
//   the dispatcher first: Enqueue before it deals anything out, WakeDispatcher before it rings (Close, Terminate, a
//   worker that has ended or was started). So the repeated Apply writes nothing on the page that all workers read.
// * WakeDispatcher while a caller drives: `turn_wanted_` is set under the lock; the caller sees it while
//   it spins, or is not quiet when it leaves, and rings.
// * The dispatcher is awake, or about to wake: it waits for `driver_left_`. Then the pool isn't quiet, and
//   the caller notifies it.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "progeny/detail/flat_answer.h"
#include "progeny/internal/pool/current_task.h"
#include "progeny/internal/pool/engine.h"

namespace progeny::internal {
namespace {

absl::Span<const std::byte> BytesOf(const AskHeader& header) {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(&header), sizeof header);
}

}  // namespace

void Engine::Apply(const detail::PoolEntryNode* node, absl::Span<const std::byte> arguments,
                   detail::FlatAnswer& answer) {
  if (!IsOurs()) {
    return answer.OnStatus(0, absl::FailedPreconditionError("this pool belongs to this process's parent"));
  }
  std::unique_lock<std::mutex> lock(mu_);
  if (absl::Status open = CheckOpen(); !open.ok()) {
    ++failed_;
    return answer.OnStatus(0, std::move(open));
  }
  std::unique_ptr<Batch> batch = OneElement(node, arguments, answer);
  Worker* const free = WhoIsFree();
  const bool asked = free != nullptr && Ask(*free, batch) == Put::kDone;
  if (asked) free->bell.Wake();
  BeginHelp();
  if (!asked) {
    queue_.push_back(std::move(batch));
    DispatchNow();
  }
  if (helper_ == std::this_thread::get_id()) Drive(lock, asked ? free : nullptr, answer);
  if (!answer.told()) answer.Await(lock);
}

std::unique_ptr<Engine::Batch> Engine::OneElement(const detail::PoolEntryNode* node,
                                                  absl::Span<const std::byte> arguments,
                                                  detail::FlatAnswer& answer) {
  std::unique_ptr<Batch> batch = std::move(spare_);
  if (batch == nullptr) {
    batch = std::make_unique<Batch>();
    batch->work = std::make_shared<detail::PoolWork>();
    batch->call = std::make_shared<detail::EncodedCall>();
    batch->applied = true;
  }
  detail::PoolWork& work = *batch->work;
  work.sink = std::shared_ptr<detail::OutcomeSink>(std::shared_ptr<void>(), &answer);  // owns nothing
  if (std::exchange(work.node, node) != node) work.entry = 0;
  work.seed = MixSeeds(options_.seed, ++calls_);
  work.open = 1;
  work.cancelled = false;
  ++open_;
  batch->first_index = submissions_++;
  batch->count = batch->chunk = 1;
  batch->next = 0;
  batch->shape = node->shape;
  batch->call->bytes.assign(arguments.begin(), arguments.end());
  batch->next_offset = 0;
  batch->end_offset = arguments.size();
  return batch;
}

// Of a batch whose elements all have their outcomes.
void Engine::KeepSpare(std::unique_ptr<Batch> batch) {
  if (!batch->applied || spare_ != nullptr) return;
  batch->work->sink.reset();
  spare_ = std::move(batch);
}

// Somebody who would begin at once what he is given now, while nobody else waits.
Engine::Worker* Engine::WhoIsFree() {
  if (!queue_.empty()) return nullptr;
  for (const auto& worker : workers_) {
    if (worker->is_free()) return worker.get();
  }
  return nullptr;
}

// What fits travels beside the ring's tail. The last one that did so was read: its outcome has come.
Engine::Put Engine::Ask(Worker& worker, std::unique_ptr<Batch>& batch) {
  const absl::Span<const std::byte> arguments = batch->bytes_left();
  if (arguments.size() > kMostAsked) return PutBatch(worker, batch);
  const absl::StatusOr<Put> told = TellEntry(worker, *batch->work);
  if (!told.ok()) {
    TellAll(*batch, told.status());
    return Put::kDone;
  }
  if (*told == Put::kFull) return Put::kFull;
  const AskHeader header{worker.next_task, batch->first_index, batch->work->seed};
  worker.down.KeepFrom(RingProducer::kKeepNone);
  if (!worker.down.ReserveBeside()) return PutBatch(worker, batch);
  worker.down.CommitBeside({static_cast<uint16_t>(Down::kAsk), batch->work->entry}, BytesOf(header), arguments);
  worker.in_flight.push_back({std::move(batch), worker.next_task++, 0, nullptr, worker.down.position()});
  return Put::kDone;
}

absl::Status Engine::HandleAnswer(Worker& worker, const Record& record) {
  uint64_t task = 0;
  const auto after = static_cast<After>(record.tag);
  if (record.bytes.size() < sizeof task || (after != After::kEnds && after != After::kRetires)) {
    return Garbled("an answer that is none");
  }
  std::memcpy(&task, record.bytes.data(), sizeof task);
  if (worker.in_flight.empty() || worker.in_flight.front().next_task() != task) return Garbled("an answer of another task");
  const absl::Span<const std::byte> result = absl::MakeConstSpan(record.bytes).subspan(sizeof task);
  Batch& batch = *worker.in_flight.front().batch;
  if (!batch.shape.flat() || batch.left() != 1 || result.size() != batch.shape.result_bytes) {
    return Garbled("an answer of another size");
  }
  std::vector<std::byte> elsewhere;
  TellValues(batch, 1, result, elsewhere);
  CloseBatch(worker, {.task = task, .after = after});
  return absl::OkStatus();
}

// Nobody could have anything to tell that the dispatcher would have to be woken for.
bool Engine::IsQuiet() const {
  if (state_ != State::kOpen || open_ > 0 || !queue_.empty() || !dispatcher_sleeps_) return false;
  if (turn_wanted_.load(std::memory_order_relaxed) || options_.max_worker_age != absl::InfiniteDuration()) return false;
  return std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) {
    const bool comes = worker->life != Life::kReady && (worker->life != Life::kAbsent || worker->being_started);
    return !comes && !worker->gone && worker->in_flight.empty();
  });
}

// Does the dispatcher's turns until `answer` is told, or for so long that sleeping costs less.
void Engine::Drive(std::unique_lock<std::mutex>& lock, Worker* asked, const detail::FlatAnswer& answer) {
  bool goes_on = asked != nullptr || TakeTurn();
  while (goes_on && !answer.told() && SpinForMore(lock)) {
    if (asked != nullptr && asked->alive()) Drain(*asked);
    if (answer.told() && IsQuiet()) break;
    goes_on = TakeTurn();
  }
  EndHelp(goes_on);
}

}  // namespace progeny::internal
