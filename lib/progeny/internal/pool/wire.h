// What a pool and its worker say to each other in their rings.
#ifndef PROGENY_INTERNAL_POOL_WIRE_H_
#define PROGENY_INTERNAL_POOL_WIRE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "progeny/detail/arena_place.h"
#include "progeny/detail/flat_run.h"
#include "progeny/internal/pool/ring.h"

namespace progeny::internal {

// To the worker. kEntry names a callable once; kJob brings the state of one that has some, once per
// call, and kForget ends it; kInit and kBatch are work. kArena brings a Cow's memory, which the worker
// keeps until kForgetArena; kHandle what belongs to the next kInit, kJob or kBatch. kAsk is one flat element
// beside the tail, for a worker that has nothing else: nobody takes it back, so there is no claim.
enum class Down : uint32_t { kEntry = 1, kInit, kJob, kForget, kBatch, kExit, kArena, kForgetArena, kHandle, kAsk };

// To the pool. kReady: set up, tasks may run. kValue and kStatus are the outcome of one task, kValues
// those of several that are flat. The last one of a batch closes it; kEnd does where there is none. kAnswer is
// the flat outcome of a kAsk, beside the tail.
enum class Up : uint32_t { kReady = 1, kInitFailed, kValue, kStatus, kEnd, kValues, kAnswer };

using detail::Claim;

// What a worker sleeps for: something to do, or room in the ring above or a slab for what it has to tell.
enum WorkerWants : uint32_t { kWantsWork = 1, kWantsRoom = 2 };

// Bytes up to this size lie in the ring, larger ones in a slab of the worker's memory (slabs.h).
inline constexpr size_t kLargestInline = 12 << 10;

// In front of the bytes of kEntry (an ImageAddress), kInit, kJob (state) and kBatch (elements, each
// behind its size).
struct WorkHeader {
  std::atomic<Claim> claim{Claim::kFree};
  uint32_t count = 0;          // elements
  uint64_t first_task = 0;     // number of the first element, among all that this worker is given
  uint64_t job = 0;            // 0: none, then the state is empty or stands before the arguments
  uint32_t entry = 0;
  bool state_inline = false;   // the state stands before the arguments
  bool patient = false;        // nobody waits for single outcomes: many may be told at once
  bool measured = false;       // somebody wants to know the time that it took
  uint8_t slab = 0;            // where the bytes lie
  int64_t first_index = 0;     // TaskIndex() of the first element
  uint64_t seed = 0;           // of the call
  detail::FlatShape shape;     // flat: elements have no size in front of them
  uint64_t slab_size = 0;      // not 0: the bytes lie in the slab,
  uint32_t slab_offset = 0;    // from here on
};

// In front of the arguments of kAsk; the record's tag is the entry.
struct AskHeader {
  uint64_t task = 0;
  int64_t index = 0;
  uint64_t seed = 0;
};
inline constexpr size_t kMostAsked = kMostBeside - sizeof(AskHeader);  // bytes of arguments
// In front of the result of kAnswer is the task; the record's tag is the After.
inline constexpr size_t kMostAnswered = kMostBeside - sizeof(uint64_t);

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

// What becomes of a batch after an outcome: of kRetires also of the worker, which takes no more work.
enum class After : uint32_t { kGoesOn = 0, kEnds, kRetires };

// In front of the bytes of kValue, kValues, kStatus, kInitFailed; all there is of kEnd.
struct OutcomeHeader {
  uint64_t task = 0;  // the first one; of kEnd the one that would have been the next
  uint64_t slab_size = 0;  // not 0: so many bytes lie in a slab, a SlabPlace follows instead
  uint32_t count = 1;
  After after = After::kGoesOn;
  int64_t nanoseconds = 0;  // since the batch was begun, when it ends and is to be measured
};

struct SlabPlace {
  uint64_t number = 0;  // the message's (SlabWords::used_by)
  uint64_t offset = 0;
  uint32_t slab = 0;
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
