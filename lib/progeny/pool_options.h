// How a pool is made, how a Map is cut, and what both tell about themselves.
#ifndef PROGENY_POOL_OPTIONS_H_
#define PROGENY_POOL_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/time/time.h"
#include "progeny/process_options.h"

namespace progeny {

// Whether workers stay on one CPU each. kOnePerWorker: worker n on the n-th CPU that this process may run
// on, beginning again after the last. It keeps caches warm where each worker has a CPU for itself, and
// costs much where it hasn't: pools don't know of each other, and begin with the same CPU. A worker that
// is pinned has one usable CPU. Linux, Windows; Unimplemented on macOS.
enum class CpuPinning { kNone, kOnePerWorker };

struct PoolOptions final {
  int workers = 0;                                  // 0: UsableCpus()
  // Start method, limits, environment, streams of the workers. Streams can't be pipes.
  ProcessOptions process = {};
  int max_tasks_per_worker = 0;                     // elements; 0: no limit. Then the worker is replaced
  int64_t max_worker_memory = 0;                    // unique bytes; 0: no limit. Replaced after its task
  // Of its process; an older worker is replaced after its task, or when it has none, one worker at a time.
  absl::Duration max_worker_age = absl::InfiniteDuration();
  absl::Duration task_timeout = absl::InfiniteDuration();  // of one element, from its start
  int retries = 0;                                  // of a task whose worker died under it
  // A task under which that many workers have died is not tried again, whatever `retries` says. 0: no limit.
  // The error lists the deaths.
  int quarantine_after = 0;
  uint64_t seed = 0;                                // what TaskSeed() starts from
  CpuPinning pinning = CpuPinning::kNone;
};

struct Progress {
  int64_t done = 0;    // elements with an outcome, failed ones included
  int64_t failed = 0;
  std::optional<int64_t> total = {};  // where the range knows its size
};

struct MapOptions {
  int64_t chunk_size = 0;  // elements that travel together; 0: found by measuring
  int64_t window = 0;      // most elements that are under way at once; 0: a bounded default
  std::function<void(const Progress&)> on_progress = {};  // on the calling thread
};

struct PoolStats {
  int workers = 0;  // that live now
  int64_t queued = 0;
  int64_t running = 0;
  int64_t done = 0;    // tasks (elements) with a value
  int64_t failed = 0;  // tasks with an error
  int64_t workers_started = 0;
  int64_t workers_lost = 0;  // that ended and were not told to
};

}  // namespace progeny

#endif  // PROGENY_POOL_OPTIONS_H_
