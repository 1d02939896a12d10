// The life of a pool's worker: takes work out of one ring, runs it, puts outcomes into the other.
#ifndef PROGENY_INTERNAL_POOL_WORKER_LOOP_H_
#define PROGENY_INTERNAL_POOL_WORKER_LOOP_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/shared_word.h"
#include "progeny/detail/pool_entry.h"
#include "progeny/internal/pool/ring.h"
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

  // Returns the exit code when the pool says so, the worker retires, or its initialiser has failed.
  int Run();

 private:
  enum class Next { kGoOn, kEnd };

  static int64_t Now();  // steady clock, nanoseconds

  Record AwaitRecord();
  Next Handle(const Record& record);
  Next RunInitialiser(const Record& record);
  Next RunBatch(const Record& record);

  // The record's bytes, wherever they lie; `storage` owns those of an area.
  absl::StatusOr<absl::Span<const std::byte>> BytesOf(const Record& record,
                                                      std::vector<std::byte>& storage);
  void LeaveArea(uint64_t size);
  absl::Status Initialise(uint32_t entry, absl::Span<const std::byte> bytes);

  struct Element {
    uint64_t task;
    int64_t index;
    uint64_t seed;
    absl::Span<const std::byte> bytes;
  };
  bool Begin(const WorkHeader& header, const Element& element);
  void RunElement(const WorkHeader& header, const absl::StatusOr<detail::LoadedCall*>& call,
                  const Element& element);
  void Publish(Up kind, uint64_t task, absl::Span<const std::byte> bytes);
  std::byte* ReserveOutcome(Up kind, size_t size);
  void TellReady();
  void PublishEnd(const EndHeader& end);
  void SleepUntil(absl::FunctionRef<bool()> ready);
  [[noreturn]] void Park();
  bool ShouldRetire();
  void SendStatus(Up kind, uint64_t task, const absl::Status& status);

  WorkerMemory& memory_;
  WorkerWords& words_;
  platform::SharedWord bell_;
  platform::SharedWord pool_bell_;
  const WorkerSetup setup_;
  RingConsumer down_;
  RingProducer up_;
  WorkerCalls calls_;
  WorkerHandles handles_;
  detail::IncomingHandles batch_handles_;
  detail::EntryOutcome outcome_;  // reused: its buffer grows once
  uint64_t areas_sent_ = 0;
  int64_t executed_ = 0;
  int64_t next_memory_check_ = 0;
  bool in_chunk_ = false;
  int64_t last_wake_ = 0;
  int exit_code_ = 0;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_WORKER_LOOP_H_
