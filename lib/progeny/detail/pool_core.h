// What stands behind a Pool: somebody who runs encoded elements in workers and tells what came of
// each, exactly once.
#ifndef PROGENY_DETAIL_POOL_CORE_H_
#define PROGENY_DETAIL_POOL_CORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "progeny/detail/future_core.h"
#include "progeny/detail/pool_entry.h"
#include "progeny/pool_options.h"

namespace progeny::detail {

// Who is told what came of the elements of one call. Called on threads of the pool's, one at a time,
// in any order of elements, under the pool's lock: to be quick, to run no code of the user's, and to
// call nothing of the pool's.
class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  // Of several elements where `count` is more than 1: they are flat, and all bytes lie in a row. What
  // lies in `owned` may be taken; it is empty when `bytes` lie somewhere else.
  virtual void OnValues(int64_t first, uint32_t count, absl::Span<const std::byte> bytes,
                        std::vector<std::byte>& owned) = 0;
  // The same, of bytes that are lent: taken by who waits for just them and decodes them at once. False: not
  // taken, OnValues follows with a copy.
  virtual bool OnLent(int64_t /*first*/, uint32_t /*count*/, const LentBytes& /*lent*/) { return false; }
  // The same, in two steps: writes values of flat elements where they belong, or nothing (false). Without the pool's lock when
  // there are many bytes. OnPlaced follows and tells of them.
  virtual bool Place(int64_t /*first*/, uint32_t /*count*/, absl::Span<const std::byte> /*bytes*/) { return false; }
  virtual void OnPlaced(int64_t /*first*/, uint32_t /*count*/) {}
  virtual void OnStatus(int64_t index, absl::Status status) = 0;
  // A worker took so long for so many elements of this call, which asked for that.
  virtual void OnMeasured(int64_t elements, int64_t nanoseconds) = 0;
};

class FlatAnswer;  // an OutcomeSink

// One call of Submit, Map and so on.
struct CallRequest {
  const PoolEntryNode* node = nullptr;
  bool has_state = false;
  std::vector<std::byte> state;  // travels once to each worker; empty when it stands in each element
  KeptHandles kept;              // of the state
  std::shared_ptr<OutcomeSink> sink;
  bool patient = false;          // it is enough to be told of many outcomes at once
  bool measured = false;         // calls OnMeasured
  bool awaited = false;          // its caller waits for outcomes as soon as it has fed what there is room for
};

struct Elements {
  int64_t first_index = 0;
  uint32_t count = 0;
  uint32_t chunk = 0;            // so many belong together; 0: all
  bool divisible = false;        // a chunk is only the pool's idea, and may be split if need be
  bool submitted = false;        // a single one: its index is its number among such
  bool awaited = false;          // this thread calls Help next, whatever happens
  bool state_inline = false;     // the callable's state stands before its arguments
  size_t block_at = 0;           // a single one's bytes are better aligned from here on (CallSink)
  bool flat = false;             // of the entry's shape, one behind the other; else each
  std::vector<std::byte> bytes;  // behind its size, a uint64_t
  KeptHandles kept;              // then all are one chunk
};

class PoolWork;  // a call that was begun

class PoolCore {
 public:
  struct Initialiser {
    const PoolEntryNode* node = nullptr;  // nullptr: there is none
    EncodedCall call;                     // state, then arguments
  };
  static absl::StatusOr<std::shared_ptr<PoolCore>> Create(PoolOptions options, Initialiser initialiser);
  virtual ~PoolCore() = default;

  virtual int workers() const = 0;
  virtual std::shared_ptr<PoolWork> Begin(CallRequest request) = 0;
  // Each element gets exactly one outcome, also when the pool is closed: then it is told at once.
  virtual void Enqueue(const std::shared_ptr<PoolWork>& work, Elements elements) = 0;
  // The same, of elements that `write` is to encode, `size` bytes in all: called once, by this thread, it neither waits nor fails,
  // as it runs no code of the user's. Throws what a vector of that size does.
  virtual void EnqueueInPlace(const std::shared_ptr<PoolWork>& work, Elements elements, size_t size,
                           absl::FunctionRef<void(std::byte* to)> write) = 0;
  // What has not started becomes Cancelled, and what runs is told to stop at the next element.
  virtual void DropQueued(const std::shared_ptr<PoolWork>& work) = 0;
  // That, and the processes of what runs are ended. False when nothing was left to cancel.
  virtual bool Cancel(const std::shared_ptr<PoolWork>& work) = 0;
  // Does the pool's own work on this thread as long as outcomes come one soon after the other and `ready`
  // is false, so that they don't have to wake it. Returns at any time; called by who will wait next.
  // `ready` is called under the pool's lock.
  virtual void Help(absl::FunctionRef<bool()> ready) = 0;
  // Runs one element with flat arguments for a callable without a state, and returns when `answer` is told.
  virtual void Apply(const PoolEntryNode* node, absl::Span<const std::byte> arguments, FlatAnswer& answer) = 0;
  // No more elements will come.
  virtual void End(const std::shared_ptr<PoolWork>& work) = 0;

  virtual void Close() = 0;
  virtual void Terminate() = 0;
  virtual absl::Status Join(absl::Duration timeout) = 0;
  virtual PoolStats stats() const = 0;
  // False in a forked child of the process that made the pool.
  virtual bool IsOurs() const = 0;
};

enum class Submission { kAsync, kAwaited };  // kAwaited: this thread waits for it at once

// One element with its state inline. An `encoded` that failed is the future's result.
std::unique_ptr<FutureCore> SubmitToPool(const std::shared_ptr<PoolCore>& core, const PoolEntryNode* node,
                                         absl::StatusOr<EncodedCall> encoded,
                                         Submission submission = Submission::kAsync);

// A call whose arguments are encoded without any code of the user's, and without a failure: straight to where its
// worker reads them, if there is such a place.
struct PlainCall {
  size_t size = 0;
  size_t block_at = 0;  // Elements::block_at
  absl::FunctionRef<void(std::byte* to)> write;
};
std::unique_ptr<FutureCore> SubmitToPool(const std::shared_ptr<PoolCore>& core, const PoolEntryNode* node,
                                         const PlainCall& call, Submission submission);

// Runs code of the user's: what it throws becomes Unknown with a RemoteError.
absl::Status RunUserCode(absl::FunctionRef<void()> code);

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_POOL_CORE_H_
