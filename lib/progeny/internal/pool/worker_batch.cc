// What a worker does with one batch. worker_loop.cc tells the races.
//
// Flat elements run many at a time and their results are published together: they are written where the
// pool will read them, and `flat_done` counts them up. Who is killed in between has therefore lost only the
// element that it was at: the pool takes the results before it out of the memory of the dead.
#include <algorithm>
#include <cstring>
#include <utility>

#include "platform/exceptions.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/pool/current_task.h"
#include "progeny/internal/pool/worker_loop.h"

namespace progeny::internal {
namespace {

constexpr uint32_t kMostInARun = 4096;
constexpr int64_t kShortBurst = 20'000;   // ns
constexpr int64_t kLongBurst = 100'000;
constexpr uint32_t kLargestBurst = 1024;
// A patient call hears of its outcomes so often.
constexpr int64_t kPublishAfter = 200'000;

}  // namespace

WorkerLoop::Next WorkerLoop::RunBatch(const Record& record) {
  auto& header = *reinterpret_cast<WorkHeader*>(record.bytes.data());
  Claim free = Claim::kFree;
  if (!header.claim.compare_exchange_strong(free, Claim::kTaken)) {
    LeaveSlab(header);
    return Next::kGoOn;
  }
  // A call may be patient about its own elements, not about another call's. Seeds tell calls apart.
  if (std::exchange(last_call_, header.seed) != header.seed && std::exchange(owes_ring_, false)) pool_bell_.Wake();
  std::vector<std::byte> storage;
  const absl::StatusOr<absl::Span<const std::byte>> bytes = BytesOf(record, storage);
  batch_handles_ = handles_.Take();
  Batch batch{.header = header};
  if (!bytes.ok()) {
    batch.call = bytes.status();
  } else {
    batch.bytes = *bytes;
    if (!header.state_inline) batch.call = calls_.For(header);
  }
  if (header.measured) batch.began = Now();
  in_chunk_ = header.count > 1;
  if (header.shape.flat()) {
    TakeSlabFor(batch);
    RunFlat(batch);
    if (batch.slab && !batch.slab_told) up_slabs_.Drop(*batch.slab);
  } else {
    RunElements(batch);
  }
  batch_handles_.CloseRest();
  LeaveSlab(header);
  if (storage.capacity() <= kKeptSlabBytes && storage.capacity() > spare_.capacity()) spare_ = std::move(storage);
  in_chunk_ = false;
  if (condemned_) return Next::kEnd;
  if (batch.after == After::kGoesOn) PublishEnd(batch);
  return batch.after == After::kRetires ? Next::kEnd : Next::kGoOn;
}

// What becomes of the batch once `more` elements have got their outcomes.
After WorkerLoop::AfterNext(const Batch& batch, uint32_t more) {
  if (setup_.max_tasks > 0 && executed_ + more >= setup_.max_tasks) return After::kRetires;
  if (batch.executed + more < batch.header.count) return After::kGoesOn;
  return ShouldRetire() ? After::kRetires : After::kEnds;
}

OutcomeHeader WorkerLoop::HeaderAfter(Batch& batch, uint32_t more) {
  OutcomeHeader header{.task = batch.header.first_task + batch.executed, .count = more};
  batch.after = header.after = AfterNext(batch, more);
  if (header.after != After::kGoesOn && batch.header.measured) header.nanoseconds = Now() - batch.began;
  batch.executed += more;
  executed_ += more;
  return header;
}

void WorkerLoop::RunElements(Batch& batch) {
  detail::ByteReader elements(batch.bytes);
  while (batch.runs() && !condemned_) {
    Element element{batch.header.first_index + batch.executed, {}};
    if (elements.left() > 0) {
      ElementSize size = 0;
      std::memcpy(&size, elements.Take(sizeof size), sizeof size);
      element.bytes = {elements.Take(size), size};
    }
    if (!Begin(batch)) return;
    RunElement(batch, element);
  }
}

// False when the batch has been stopped before the pool could see its next element run.
bool WorkerLoop::Begin(const Batch& batch) {
  const uint64_t task = batch.header.first_task + batch.executed;
  if (setup_.tells_start) words_.started_at.store(Now(), std::memory_order_relaxed);
  words_.running.store(task, std::memory_order_seq_cst);
  if (batch.header.claim.load(std::memory_order_seq_cst) != Claim::kStopped) return true;
  uint64_t running = task;
  condemned_ = !words_.running.compare_exchange_strong(running, 0);
  return false;
}

void WorkerLoop::RunElement(Batch& batch, const Element& element) {
  const WorkHeader& header = batch.header;
  BeginTask(element.index, header.seed);
  outcome_.status = absl::OkStatus();
  sink_.Restart();
  const auto thrown = platform::RunCatching([&] {
    detail::ByteReader reader(element.bytes);
    if (!batch.call.ok()) {
      outcome_.status = batch.call.status();
    } else if (*batch.call != nullptr) {
      (*batch.call)->Run(reader, batch_handles_, outcome_);
    } else {
      absl::StatusOr<std::unique_ptr<detail::LoadedCall>> loaded =
          calls_.Load(header.entry, reader, batch_handles_);
      if (loaded.ok()) return (*loaded)->Run(reader, batch_handles_, outcome_);
      outcome_.status = loaded.status();
    }
  });
  EndTask();
  if (thrown) outcome_.status = detail::RemoteErrorStatus({thrown->type, thrown->what});
  // A Cow whose memory could not be mapped: the reason is known since it came.
  if (absl::IsDataLoss(outcome_.status) && !handles_.arena_failure().ok()) {
    outcome_.status = handles_.arena_failure();
  }
  if (!outcome_.status.ok()) {
    SendStatus(Up::kStatus, HeaderAfter(batch, 1), outcome_.status);
  } else if (sink_.in_slab()) {
    OutcomeHeader told = HeaderAfter(batch, 1);
    told.slab_size = sink_.size();
    const Slabs::Taken taken = sink_.Publish();
    PublishInSlab(Up::kValue, told, {taken.number, sink_.offset(), taken.slab});
    RingAfter(told, true);
  } else {
    Publish(Up::kValue, HeaderAfter(batch, 1), sink_.bytes());
  }
}

void WorkerLoop::RunFlat(Batch& batch) {
  const WorkHeader& header = batch.header;
  if (batch.call.ok() && batch.bytes.size() != size_t{header.count} * header.shape.argument_bytes) {
    batch.call = absl::DataLossError("a pool's chunk has another size than its elements");
  }
  if (header.entry != burst_entry_ || header.job != burst_job_) burst_ = 1;  // other elements may take longer
  burst_entry_ = header.entry;
  burst_job_ = header.job;
  while (batch.runs() && !condemned_) {
    if (!batch.call.ok()) {
      if (!Begin(batch)) return;
      SendStatus(Up::kStatus, HeaderAfter(batch, 1), batch.call.status());
    } else if (!RunSome(batch)) {
      return;
    }
  }
}

// So many elements that their results fit into one record, and that nobody waits long for one of them.
uint32_t WorkerLoop::MostInARun(const Batch& batch) const {
  if (!batch.header.patient || setup_.tells_start) return 1;
  uint64_t most = batch.header.count - batch.executed;
  if (batch.results == nullptr) most = std::min<uint64_t>(most, kMostInARun);
  if (batch.results == nullptr && batch.header.shape.result_bytes > 0) most = std::min(most, uint64_t{kLargestInline / batch.header.shape.result_bytes});
  if (setup_.max_tasks > 0) most = std::min(most, static_cast<uint64_t>(setup_.max_tasks - executed_));
  return static_cast<uint32_t>(std::max<uint64_t>(most, 1));
}

// Runs and publishes some of what is left. False when the batch has been stopped before.
bool WorkerLoop::RunSome(Batch& batch) {
  const WorkHeader& header = batch.header;
  const uint32_t most = MostInARun(batch);
  std::byte* room = nullptr;
  if (batch.results == nullptr) {
    room = ReserveOutcome(Up::kValues, sizeof(OutcomeHeader) + most * size_t{header.shape.result_bytes});
    words_.flat_results.store(static_cast<uint32_t>(up_.reserved_at() + sizeof(OutcomeHeader)), std::memory_order_relaxed);
  }
  words_.flat_done.store(0, std::memory_order_relaxed);
  words_.flat_slab.store(batch.results != nullptr ? batch.slab->slab + 1 : 0, std::memory_order_relaxed);
  if (!Begin(batch)) return false;
  BeginTask(header.first_index + batch.executed, header.seed);
  detail::FlatRun run{.arguments = batch.bytes.data() + batch.executed * size_t{header.shape.argument_bytes},
                      .results = batch.results != nullptr ? batch.results + batch.executed * size_t{header.shape.result_bytes}
                                                          : room + sizeof(OutcomeHeader),
                      .count = 0,
                      .done = words_.flat_done,
                      .task_index = TaskIndexWord(),
                      .claim = header.claim,
                      .state_box = &state_};
  RunInBursts(**batch.call, run, most);
  EndTask();
  const uint32_t done = run.done.load(std::memory_order_relaxed);
  if (done > 0) PublishFlat(batch, room, done);
  if (run.failure.ok() || condemned_) return true;
  words_.running.store(header.first_task + batch.executed, std::memory_order_seq_cst);  // it has run already
  SendStatus(Up::kStatus, HeaderAfter(batch, 1), run.failure);
  return true;
}

// Reading the clock costs more than a short element: so it is looked at after ever more of them, as long
// as they are short.
void WorkerLoop::RunInBursts(detail::LoadedCall& call, detail::FlatRun& run, uint32_t most) {
  int64_t before = most > 1 ? Now() : 0;
  const int64_t publish_at = before + kPublishAfter;
  while (run.failure.ok()) {
    const uint32_t done = run.done.load(std::memory_order_relaxed);
    run.count = std::min(most, done + burst_);
    const auto thrown = platform::RunCatching([&] { call.RunFlat(run); });
    if (thrown) run.failure = detail::RemoteErrorStatus({thrown->type, thrown->what});
    const uint32_t reached = run.done.load(std::memory_order_relaxed);
    if (reached < run.count || reached == most) return;
    const int64_t now = Now();
    if (now - before < kShortBurst) burst_ = std::min(burst_ * 2, kLargestBurst);
    if (now - before > kLongBurst) burst_ = std::max(burst_ / 2, 1U);
    if (now >= publish_at) return;
    before = now;
  }
}

}  // namespace progeny::internal
