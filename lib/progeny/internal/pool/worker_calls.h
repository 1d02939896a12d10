// The callables that a worker has been told of, and their states.
#ifndef PROGENY_INTERNAL_POOL_WORKER_CALLS_H_
#define PROGENY_INTERNAL_POOL_WORKER_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/image.h"
#include "progeny/detail/pool_entry.h"
#include "progeny/internal/pool/wire.h"

namespace progeny::internal {

// Not thread-safe.
class WorkerCalls {
 public:
  // An entry is looked for when it is first needed: that it isn't there is its tasks' error.
  void AddEntry(uint32_t id, absl::Span<const std::byte> address);
  void AddJob(const WorkHeader& header, absl::StatusOr<absl::Span<const std::byte>> state,
              detail::IncomingHandles handles);
  void Forget(uint64_t job) { jobs_.erase(job); }

  // A callable whose state stands first in `state`.
  absl::StatusOr<std::unique_ptr<detail::LoadedCall>> Load(uint32_t entry, detail::ByteReader& state,
                                                           detail::IncomingHandles& handles);
  // The callable for a batch whose elements don't bring its state along. What has none serves all batches.
  absl::StatusOr<detail::LoadedCall*> For(const WorkHeader& header);
  // Of a callable without a state that For has given.
  detail::FlatShape ShapeOf(uint32_t entry) { return entries_.at(entry).node->shape; }

 private:
  struct Entry {
    platform::ImageAddress address;
    const detail::PoolEntryNode* node = nullptr;  // once it was looked for
    absl::Status status;
    std::unique_ptr<detail::LoadedCall> stateless;  // once it was needed
  };

  absl::StatusOr<const detail::PoolEntryNode*> Find(uint32_t entry);

  std::map<uint32_t, Entry> entries_;
  std::map<uint64_t, absl::StatusOr<std::unique_ptr<detail::LoadedCall>>> jobs_;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_WORKER_CALLS_H_
