// What a pool and its worker say to each other in their rings.
#ifndef PROGENY_INTERNAL_POOL_WIRE_H_
#define PROGENY_INTERNAL_POOL_WIRE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "progeny/detail/arena_place.h"

namespace progeny::internal {

// To the worker. kEntry names a callable once; kJob brings the state of one that has some, once per
// call, and kForget ends it; kInit and kBatch are work. kArena brings a Cow's memory, which the worker
// keeps until kForgetArena; kHandle what belongs to the next kInit, kJob or kBatch.
enum class Down : uint32_t { kEntry = 1, kInit, kJob, kForget, kBatch, kExit, kArena, kForgetArena, kHandle };

// To the pool. kReady: set up, tasks may run. kValue and kStatus are the outcome of one task; kEnd
// closes a batch.
enum class Up : uint32_t { kReady = 1, kInitFailed, kValue, kStatus, kEnd };

// Who has a batch that lies in a ring. The worker claims it before it looks at it; the pool takes it
// back if the worker hasn't, or asks it to stop before the next element if it has.
enum class Claim : uint32_t { kFree = 0, kTaken, kWithdrawn, kStopped };

// Bytes up to this size lie in the ring, larger ones in an area of the worker's memory.
inline constexpr size_t kLargestInline = 12 << 10;

// In front of the bytes of kEntry (an ImageAddress), kInit, kJob (state) and kBatch (elements, each
// behind its size).
struct WorkHeader {
  std::atomic<Claim> claim{Claim::kFree};
  uint32_t count = 0;          // elements
  uint64_t first_task = 0;     // number of the first element, among all that this worker is given
  uint64_t job = 0;            // 0: none, then the state is empty or stands before the arguments
  uint32_t entry = 0;
  uint32_t state_inline = 0;   // the state stands before the arguments
  int64_t first_index = 0;     // TaskIndex() of the first element
  uint64_t seed = 0;           // of the call
  uint64_t area_size = 0;      // not 0: the bytes lie in the area
};

// Stand for one handle that the courier brings (but for kForgetArena).
struct ArenaRecord {
  uint64_t told = 0;
  detail::ArenaPlace place;
};
struct AttachedRecord {
  uint64_t told = 0;
  uint32_t index = 0;  // 0 begins anew
};

// An element's size, in front of its bytes.
using ElementSize = uint64_t;

// In front of the bytes of kValue, kStatus, kInitFailed.
struct OutcomeHeader {
  uint64_t task = 0;
  uint64_t area_size = 0;
};

struct EndHeader {
  uint64_t first_task = 0;
  uint32_t executed = 0;  // elements; fewer than the batch had when it was stopped or the worker retires
  uint32_t retires = 0;   // it takes no more work and ends
  int64_t nanoseconds = 0;
};

// The worker's word about the task that runs: its number, and bits that the two sides set. The worker
// sets kDone just before it publishes the outcome; the pool sets kCondemned on a task that it wants
// ended together with its process. Only one of the two can succeed: a condemned task never has an
// outcome of its own, and a task that has one is never the reason for a kill.
inline constexpr uint64_t kDone = uint64_t{1} << 63U;
inline constexpr uint64_t kCondemned = uint64_t{1} << 62U;
inline constexpr uint64_t kTaskNumber = kCondemned - 1;
inline constexpr uint64_t kInitialising = kTaskNumber;  // no task has this number: the initialiser runs

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_WIRE_H_
