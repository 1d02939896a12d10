// The handles that a worker is sent while it runs.
#ifndef PROGENY_INTERNAL_POOL_WORKER_HANDLES_H_
#define PROGENY_INTERNAL_POOL_WORKER_HANDLES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "platform/handle_courier.h"
#include "progeny/detail/attachments.h"
#include "progeny/internal/pool/ring.h"
#include "progeny/internal/pool/wire.h"

namespace progeny::internal {

// Not thread-safe.
class WorkerHandles {
 public:
  explicit WorkerHandles(platform::HandleCourier courier) : courier_(std::move(courier)) {}

  // Maps the arena until it is forgotten. If that fails, whoever decodes a Cow of it is told.
  void AddArena(const Record& record);
  void ForgetArena(const Record& record);
  void AddHandle(const Record& record);
  // What has come since the last call.
  detail::IncomingHandles Take();

  // Why an arena, if any, could not be mapped.
  const absl::Status& arena_failure() const { return arena_failure_; }

 private:
  platform::HandleCourier courier_;
  std::vector<platform::Handle> waiting_;
  std::map<std::pair<uint64_t, uint64_t>, std::shared_ptr<detail::Arena>> arenas_;
  absl::Status arena_failure_;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_WORKER_HANDLES_H_
