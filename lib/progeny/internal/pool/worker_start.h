// Starting one worker process, by whatever start method.
#ifndef PROGENY_INTERNAL_POOL_WORKER_START_H_
#define PROGENY_INTERNAL_POOL_WORKER_START_H_

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "platform/handle_courier.h"
#include "platform/shared_region.h"
#include "platform/shared_word.h"
#include "progeny/internal/child.h"
#include "progeny/internal/pool/worker_loop.h"
#include "progeny/internal/pool/worker_memory.h"
#include "progeny/internal/start_strategy.h"
#include "progeny/process_options.h"

namespace progeny::internal {

// The page on which all workers of a pool ring for it; nothing else is shared between workers, and
// nothing in it can be held.
class PoolBell {
 public:
  PoolBell() = default;
  static absl::StatusOr<PoolBell> Create();

  platform::SharedWord& word() { return word_; }
  platform::SharedRegion& region() { return region_; }

 private:
  platform::SharedRegion region_;
  platform::SharedWord word_;
};

// What a worker needs of its pool; borrowed for the length of the start.
struct WorkerPlaces {
  WorkerMemory* memory = nullptr;
  platform::SharedWord* bell = nullptr;  // the worker's
  PoolBell* pool_bell = nullptr;
  const platform::HandleCourier* courier = nullptr;
  const StartStrategy* forker = nullptr;  // nullptr: by the options' start method
  absl::FunctionRef<void()> leave_others;  // called in a forked worker: what is its fellows' is not to be there
};

absl::StatusOr<std::shared_ptr<detail::Child>> StartWorker(const ProcessOptions& options,
                                                           const WorkerPlaces& places,
                                                           const WorkerSetup& setup);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_WORKER_START_H_
