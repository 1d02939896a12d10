// A run of elements with flat arguments and a flat result, in a worker: what lies between the loop that
// calls a function for each of them, which the compiler makes for that function, and everybody else.
#ifndef PROGENY_DETAIL_FLAT_RUN_H_
#define PROGENY_DETAIL_FLAT_RUN_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"

namespace progeny::detail {

class StateBox;

// Who has a batch that lies in a ring. The worker claims it before it looks at it; the pool takes it
// back if the worker hasn't, or asks it to stop before the next element if it has.
enum class Claim : uint32_t { kFree = 0, kTaken, kWithdrawn, kStopped };

// Bytes of one element's arguments and of its result.
struct FlatShape {
  uint32_t argument_bytes = 0;  // 0: not flat
  uint32_t result_bytes = 0;    // may be 0: there is none

  constexpr bool flat() const { return argument_bytes > 0; }
};

// Results that `done` counts stay when the process dies: they are written before it.
struct FlatRun {
  const std::byte* arguments;
  std::byte* results;
  uint32_t count;
  std::atomic<uint32_t>& done;
  std::atomic<int64_t>& task_index;
  const std::atomic<Claim>& claim;
  StateBox* state_box = nullptr;  // of the pool's worker
  absl::Status failure = {};  // of element `done`

  // Calls `call(arguments, result)` for one element after the other, until one fails or the batch is
  // stopped. What it throws ends the run as well: element `done` has thrown it.
  template <size_t kArgumentBytes, size_t kResultBytes, class Call>
  void Go(Call call) {
    // Copies: as bytes are written, the compiler would read each member anew for each element.
    std::atomic<uint32_t>& reached = done;
    std::atomic<int64_t>& current = task_index;
    const std::atomic<Claim>& word = claim;
    const uint32_t end = count;
    uint32_t at = reached.load(std::memory_order_relaxed);
    int64_t index = current.load(std::memory_order_relaxed);
    const std::byte* from = arguments + at * kArgumentBytes;
    std::byte* to = results + at * kResultBytes;
    for (; at < end && word.load(std::memory_order_relaxed) != Claim::kStopped; ++index) {
      current.store(index, std::memory_order_relaxed);
      absl::Status status = call(from, to);
      if (!status.ok()) {
        failure = std::move(status);
        return;
      }
      reached.store(++at, std::memory_order_release);
      from += kArgumentBytes;
      to += kResultBytes;
    }
    current.store(index, std::memory_order_relaxed);
  }
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_FLAT_RUN_H_
