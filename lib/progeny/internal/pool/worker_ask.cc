// What a worker does with one flat element that somebody waits for (kAsk): the same as with a batch of
// one, but for what only a batch needs. worker_loop.cc tells the races; here they are fewer:
//
// * It can't be withdrawn, so there is nothing to claim. A pool that wants it ended with its process
//   meets `running`, as for every task: named there before its first argument is looked at, marked done
//   before its outcome is published.
// * Its result lies on this process's stack until it is published, and `flat_done` is 0: who looks at the
//   memory of the dead finds no results to take.
// * Request and answer travel beside the tails of the rings. The pool asks again only once it has the answer,
//   and a worker answers only what it was asked: so neither overwrites what the other still reads. The
//   arguments are copied before anything else all the same.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "platform/exceptions.h"
#include "progeny/internal/exit_status.h"
#include "progeny/internal/pool/current_task.h"
#include "progeny/internal/pool/worker_loop.h"

namespace progeny::internal {

WorkerLoop::Next WorkerLoop::RunAsk(const Record& record) {
  AskHeader header;
  alignas(8) std::byte arguments[kMostAsked];
  std::memcpy(&header, record.bytes.data(), sizeof header);
  const size_t size = std::max(record.bytes.size(), sizeof header) - sizeof header;
  std::memcpy(arguments, record.bytes.data() + sizeof header, size);
  if (std::exchange(last_call_, header.seed) != header.seed && std::exchange(owes_ring_, false)) pool_bell_.Wake();
  if (setup_.tells_start) words_.started_at.store(Now(), std::memory_order_relaxed);
  words_.flat_done.store(0, std::memory_order_relaxed);
  words_.running.store(header.task, std::memory_order_release);
  BeginTask(header.index, header.seed);
  alignas(8) std::byte result[detail::kLargestFlat];
  const absl::Status status = AskNow(record.tag, {arguments, size}, absl::MakeSpan(result));
  EndTask();
  const After after = AfterAsk();
  if (!status.ok()) {
    SendStatus(Up::kStatus, {.task = header.task, .after = after}, status);
  } else if (!AnswerBeside(header.task, after, {result, asked_shape_.result_bytes})) {
    Publish(Up::kValues, {.task = header.task, .after = after}, {result, asked_shape_.result_bytes});
  }
  return condemned_ || after == After::kRetires ? Next::kEnd : Next::kGoOn;
}

absl::Status WorkerLoop::AskNow(uint32_t entry, absl::Span<const std::byte> arguments, absl::Span<std::byte> result) {
  if (entry != asked_entry_) {
    WorkHeader header;
    header.entry = entry;
    absl::StatusOr<detail::LoadedCall*> call = calls_.For(header);
    if (!call.ok()) return call.status();
    asked_call_ = *call;
    asked_shape_ = calls_.ShapeOf(entry);
    asked_entry_ = entry;
  }
  if (asked_shape_.argument_bytes != arguments.size()) {
    return absl::DataLossError("a pool's request has another size than its element");
  }
  std::atomic<uint32_t> done{0};
  const std::atomic<Claim> claim{Claim::kTaken};
  detail::FlatRun run{.arguments = arguments.data(),
                      .results = result.data(),
                      .count = 1,
                      .done = done,
                      .task_index = TaskIndexWord(),
                      .claim = claim,
                      .state_box = &state_};
  const auto thrown = platform::RunCatching([&] { asked_call_->RunFlat(run); });
  return thrown ? detail::RemoteErrorStatus({thrown->type, thrown->what}) : std::move(run.failure);
}

After WorkerLoop::AfterAsk() {
  ++executed_;
  const bool done_enough = setup_.max_tasks > 0 && executed_ >= setup_.max_tasks;
  return done_enough || ShouldRetire() ? After::kRetires : After::kEnds;
}

// False when there is no room; else the pool has it, or has decided otherwise.
bool WorkerLoop::AnswerBeside(uint64_t task, After after, absl::Span<const std::byte> result) {
  if (result.size() > kMostAnswered || !up_.ReserveBeside()) return false;
  if (!MarkDone(task)) return true;
  const auto head = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(&task), sizeof task);
  up_.CommitBeside({static_cast<uint16_t>(Up::kAnswer), static_cast<uint32_t>(after)}, head, result);
  RingAfter({.task = task, .after = after}, true);
  return true;
}

}  // namespace progeny::internal
