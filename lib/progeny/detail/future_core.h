// What stands behind a Future: somebody who will have an answer in bytes.
#ifndef PROGENY_DETAIL_FUTURE_CORE_H_
#define PROGENY_DETAIL_FUTURE_CORE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "progeny/this_process.h"

namespace progeny::detail {

// Bytes that somebody else keeps for us, for as long as we hold them. They may change meanwhile.
struct LentBytes {
  absl::Span<const std::byte> bytes;
  std::shared_ptr<const void> held;
};

// Thread-safe.
class FutureCore {
 public:
  FutureCore() = default;
  FutureCore(const FutureCore&) = delete;
  FutureCore& operator=(const FutureCore&) = delete;
  virtual ~FutureCore() = default;

  // True once the answer, or the reason why there is none, is known.
  virtual bool Wait(absl::Duration timeout) = 0;
  // Whoever says so is going to Wait for as long as it takes, and then takes the answer at once.
  virtual void WillTake() {}
  // The answer, if it lies in memory that is lent: to be let go of soon. Else Take has it. Called once,
  // only when Wait has said true.
  virtual std::optional<LentBytes> TakeLent() { return std::nullopt; }
  // The answer; only when Wait has said true. Called once.
  virtual absl::StatusOr<std::vector<std::byte>> Take() = 0;
  virtual bool Cancel() = 0;
  // Calls `ready` once the answer is known: on a thread of progeny's, or at once.
  virtual void WhenReady(std::function<void()> ready) = 0;
  // The Future is destroyed; callbacks may still hold this object.
  virtual void EndOfOwner() = 0;
  // Ready when Wait would say true; -1 when it does already.
  virtual NativeHandle sentinel() const = 0;
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_FUTURE_CORE_H_
