// The life of a pool's worker: takes work out of one ring, runs it, puts outcomes into the other.
#ifndef PROGENY_INTERNAL_POOL_WORKER_LOOP_H_
#define PROGENY_INTERNAL_POOL_WORKER_LOOP_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/shared_word.h"
#include "progeny/detail/pool_entry.h"
#include "progeny/detail/state_box.h"
#include "progeny/internal/pool/result_sink.h"
#include "progeny/internal/pool/ring.h"
#include "progeny/internal/pool/slabs.h"
#include "progeny/internal/pool/wire.h"
#include "progeny/internal/pool/worker_calls.h"
#include "progeny/internal/pool/worker_handles.h"
#include "progeny/internal/pool/worker_memory.h"

namespace progeny::internal {

// What a worker is told about itself; the codec carries it.
struct WorkerSetup {
  int64_t max_tasks = 0;
  int64_t max_memory = 0;
  bool tells_start = false;  // somebody looks at WorkerWords::started_at
  bool awaits_initialiser = false;
  int depth = 0;             // pools around this worker
  int handles = 0;           // that come along
  int cpu = -1;              // to stay on; -1: any (pinning.h)
  bool has_courier = false;  // its end is the last of them
};

class WorkerLoop {
 public:
  struct Bells {
    platform::SharedWord own;
    platform::SharedWord pools;
  };
  WorkerLoop(WorkerMemory& memory, Bells bells, platform::HandleCourier courier, WorkerSetup setup);
  ~WorkerLoop();

  // Returns the exit code when the pool says so, the worker retires, its task was ended and has returned,
  // or its initialiser has failed.
  int Run();

 private:
  enum class Next { kGoOn, kEnd };

  static int64_t Now();  // steady clock, nanoseconds

  Record AwaitRecord();
  Next Handle(const Record& record);
  Next RunInitialiser(const Record& record);
  Next RunBatch(const Record& record);
  Next RunAsk(const Record& record);

  // worker_slabs.cc. The record's bytes, wherever they lie: those in a slab until LeaveSlab, or in `storage`.
  absl::StatusOr<absl::Span<const std::byte>> BytesOf(const Record& record,
                                                      std::vector<std::byte>& storage);
  void LeaveSlab(const WorkHeader& header);
  Slabs::Taken AwaitSlab();
  void PublishLarge(Up kind, OutcomeHeader header, absl::Span<const std::byte> bytes);
  void PublishInSlab(Up kind, OutcomeHeader header, const SlabPlace& place);
  absl::Status Initialise(uint32_t entry, absl::Span<const std::byte> bytes);

  // One that this worker has claimed.
  struct Batch {
    const WorkHeader& header;
    absl::Span<const std::byte> bytes = {};
    absl::StatusOr<detail::LoadedCall*> call = static_cast<detail::LoadedCall*>(nullptr);  // nullptr: comes with each element
    int64_t began = 0;
    uint32_t executed = 0;        // elements with an outcome
    After after = After::kGoesOn;  // the last of these
    std::optional<Slabs::Taken> slab = std::nullopt;  // of a flat one's results, if these lie in one
    bool slab_told = false;        // the pool knows of it, and frees it
    std::byte* results = nullptr;  // there

    bool runs() const {
      return executed < header.count && after == After::kGoesOn &&
             header.claim.load(std::memory_order_relaxed) != Claim::kStopped;
    }
  };
  struct Element {
    int64_t index;
    absl::Span<const std::byte> bytes;
  };
  absl::Status AskNow(uint32_t entry, absl::Span<const std::byte> arguments, absl::Span<std::byte> result);
  bool AnswerBeside(uint64_t task, After after, absl::Span<const std::byte> result);
  After AfterAsk();
  After AfterNext(const Batch& batch, uint32_t more);
  OutcomeHeader HeaderAfter(Batch& batch, uint32_t more);
  void RunElements(Batch& batch);
  bool Begin(const Batch& batch);
  void RunElement(Batch& batch, const Element& element);
  void RunFlat(Batch& batch);
  uint32_t MostInARun(const Batch& batch) const;
  bool RunSome(Batch& batch);
  void TakeSlabFor(Batch& batch);
  void RunInBursts(detail::LoadedCall& call, detail::FlatRun& run, uint32_t most);
  void Publish(Up kind, OutcomeHeader header, absl::Span<const std::byte> bytes);
  void PublishFlat(Batch& batch, std::byte* room, uint32_t done);
  bool MarkDone(uint64_t task);
  void RingAfter(const OutcomeHeader& header, bool waits);
  std::byte* ReserveOutcome(Up kind, size_t size);
  void TellReady();
  void PublishEnd(Batch& batch);
  void SleepUntil(WorkerWants wants, absl::FunctionRef<bool()> ready);
  bool ShouldRetire();
  void SendStatus(Up kind, OutcomeHeader header, const absl::Status& status);

  WorkerMemory& memory_;
  WorkerWords& words_;
  platform::SharedWord bell_;
  platform::SharedWord pool_bell_;
  const WorkerSetup setup_;
  RingConsumer down_;
  RingProducer up_;
  detail::StateBox state_;  // what WithState has made
  WorkerCalls calls_;
  detail::LoadedCall* asked_call_ = nullptr;  // of the last kAsk, and its shape
  detail::FlatShape asked_shape_;
  uint32_t asked_entry_ = 0;
  WorkerHandles handles_;
  detail::IncomingHandles batch_handles_;
  detail::EntryOutcome outcome_;  // reused: its buffer grows once
  Slabs down_slabs_;
  Slabs up_slabs_;
  ResultSink sink_;
  int64_t executed_ = 0;
  int64_t next_memory_check_ = 0;
  std::vector<std::byte> spare_;  // of the last large batch, where slabs are copied: its pages are there
  bool in_chunk_ = false;
  bool condemned_ = false;  // the task that ran has an outcome without us: nothing is published any more
  uint64_t last_call_ = 0;  // the seed of the last batch's
  bool owes_ring_ = false;  // the pool sleeps and hasn't been told of the last outcomes
  uint32_t burst_ = 1;      // flat elements between two looks at the clock
  uint32_t burst_entry_ = 0;
  uint64_t burst_job_ = 0;
  int64_t last_wake_ = 0;
  int exit_code_ = 0;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_WORKER_LOOP_H_
