// What the pool's engine (engine.h) keeps of each call, of the elements it has dealt out, and of each worker. All of
// it under the engine's lock, but for what never changes.
#ifndef PROGENY_INTERNAL_POOL_ENGINE_WORKER_H_
#define PROGENY_INTERNAL_POOL_ENGINE_WORKER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "platform/deadline.h"
#include "platform/handle_courier.h"
#include "platform/shared_word.h"
#include "progeny/detail/pool_core.h"
#include "progeny/internal/child.h"
#include "progeny/internal/pool/ring.h"
#include "progeny/internal/pool/wire.h"
#include "progeny/internal/pool/worker_memory.h"
#include "progeny/internal/stop_ladder.h"

namespace progeny::detail {

// One call.
class PoolWork {
 public:
  std::shared_ptr<OutcomeSink> sink;
  const PoolEntryNode* node = nullptr;
  uint32_t entry = 0;              // the node's number, once a worker was told of it
  bool patient = false;
  bool measured = false;
  double each = -1;                // nanoseconds that an element takes; negative: not known
  uint64_t job = 0;                // 0: no state of its own
  std::vector<std::byte> state;
  KeptHandles kept;                // of the state
  uint64_t seed = 0;
  int64_t open = 0;                // elements without an outcome
  bool cancelled = false;          // nothing of it is to start any more
  bool to_be_ended = false;        // and what runs is to be ended, with its process
};

}  // namespace progeny::detail

namespace progeny::internal {

// Elements of one call, in the queue or dealt out.
struct EngineBatch {
  std::shared_ptr<detail::PoolWork> work;
  int64_t first_index = 0;
  uint32_t count = 0;
  uint32_t chunk = 0;  // that many belong together
  bool divisible = false;
  bool state_inline = false;
  bool applied = false;  // a caller's that waits: the engine keeps the memory for the next one
  detail::FlatShape shape;  // flat: elements have no sizes
  std::shared_ptr<detail::EncodedCall> call;  // all elements' bytes, and what belongs to them
  uint32_t next = 0;       // the first element without an outcome
  size_t next_offset = 0;  // of it in the bytes
  size_t end_offset = 0;
  std::vector<std::string> deaths = {};  // of workers under the first element without an outcome
  int silent_deaths = 0;  // of those that had this before them and, by their own word, had not begun it

  uint32_t left() const { return count - next; }
  absl::Span<const std::byte> bytes_left() const {
    return absl::MakeConstSpan(call->bytes).subspan(next_offset, end_offset - next_offset);
  }
  size_t OffsetAfter(uint32_t elements) const;
  void Advance(uint32_t elements = 1);
  // The first `elements` of what is left, which are then no longer part of this one.
  std::unique_ptr<EngineBatch> Split(uint32_t elements);
};

struct BatchInFlight {
  std::unique_ptr<EngineBatch> batch;
  uint64_t first_task = 0;  // of element `dealt`
  uint32_t dealt = 0;       // batch->next when it was put into the ring
  // In the ring, which keeps it as long as this is here. nullptr: of a kAsk, which has none.
  WorkHeader* header = nullptr;
  uint64_t position = 0;
  std::shared_ptr<SlabUse> slab = nullptr;  // of its results, if they lie in one; until it is closed
  Slabs::Hold arguments = {};    // not empty: they lie in this slab only, from
  size_t arguments_begin = 0;    // this offset of the batch's on,
  uint32_t arguments_at = 0;     // which lies here in the slab

  uint64_t next_task() const { return first_task + (batch->next - dealt); }
};

// DataLoss: a worker's word can't be true.
absl::Status Garbled(absl::string_view what);

enum class WorkerLife {
  kAbsent,    // no process; `wanted` says whether there should be one
  kStarting,  // a process that hasn't said that it is ready
  kReady,
  kLeaving,   // told to exit, retiring or killed: gets no more work
};

struct EngineWorker {
  size_t index = 0;
  WorkerMemory memory;
  platform::SharedWord bell;
  platform::HandleCourier courier;  // of this process
  RingProducer down;
  RingConsumer up;
  WorkerLife life = WorkerLife::kAbsent;
  bool wanted = true;       // a process is to be started
  bool being_started = false;
  bool gone = false;        // has ended, not settled yet
  bool killed = false;      // by us, at once
  std::optional<Climb> climb;  // under way up the ladder
  platform::Deadline leaves_by = platform::Deadline::Infinite();  // by itself
  std::shared_ptr<detail::Child> child;
  std::unique_ptr<Slabs> down_slabs;
  std::unique_ptr<Slabs> up_slabs;
  std::deque<BatchInFlight> in_flight;  // holds some of these
  uint64_t next_task = 1;
  uint32_t known_entries = 0;
  std::set<uint64_t> known_jobs;
  std::set<std::pair<uint64_t, uint64_t>> known_arenas;
  bool being_dealt = false;  // by somebody who may have let go of the lock: it is neither settled nor dealt to
  std::weak_ptr<SlabUse> up_uses[kSlabs];
  int64_t trims_at = 0;     // the slabs, steady clock, nanoseconds; 0: nothing to give back
  int64_t born = 0;         // steady clock, nanoseconds
  std::optional<CrashReport> crash;  // of the one that is gone
  absl::Status init_failure;
  absl::Status garbled;

  // Room in its ring; what is in flight is not overwritten, though the worker may be done with it.
  std::byte* Reserve(Down kind, size_t size);
  std::optional<Slabs::Taken> TakeSlab();
  // Where in a slab of its the batch's bytes are to begin.
  uint32_t SlabOffset(const EngineBatch& batch) const;
  void WantRoom();
  // For the next process; no process may use the memory.
  void Renew();
  void RenewSlabs();
  bool takes_work() const { return !gone && (life == WorkerLife::kStarting || life == WorkerLife::kReady); }
  // Would begin at once what it is given. One that has died may be here still: while somebody writes to its slab, or
  // since the lock was let go of.
  bool is_free() const { return !gone && life == WorkerLife::kReady && !being_dealt && in_flight.empty(); }
  bool alive() const { return !gone && life != WorkerLife::kAbsent; }
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_ENGINE_WORKER_H_
