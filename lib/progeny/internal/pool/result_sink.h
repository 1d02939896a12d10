// Where a worker's result is encoded to: memory of its own while it is small, a slab of shared memory as soon as it
// is not, so that a large one is written once.
#ifndef PROGENY_INTERNAL_POOL_RESULT_SINK_H_
#define PROGENY_INTERNAL_POOL_RESULT_SINK_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "progeny/detail/codec_bytes.h"
#include "progeny/internal/pool/slabs.h"

namespace progeny::internal {

// Not thread-safe.
class ResultSink final : public detail::ByteSink {
 public:
  // `take` waits for a slab.
  ResultSink(Slabs& slabs, std::function<Slabs::Taken()> take) : slabs_(slabs), take_(std::move(take)) {}

  // For the next result. A slab that wasn't published is kept for it.
  void Restart();

  void Append(const void* from, size_t size) override;
  size_t size() const override { return in_slab_ ? size_ : bytes_.size(); }
  void Truncate(size_t size) override;

  bool in_slab() const { return in_slab_; }
  // What lies in no slab.
  absl::Span<const std::byte> bytes() const { return bytes_; }
  // Where in the slab it begins.
  size_t offset() const { return offset_; }
  // The slab is somebody else's from here on.
  Slabs::Taken Publish() { return *TakeKept(); }
  // One that a result which failed has left.
  std::optional<Slabs::Taken> TakeKept() { return std::exchange(taken_, std::nullopt); }

 private:
  void Grow(size_t size);

  Slabs& slabs_;
  const std::function<Slabs::Taken()> take_;
  std::vector<std::byte> bytes_;
  bool in_slab_ = false;
  std::optional<Slabs::Taken> taken_;
  size_t offset_ = 0;
  absl::Span<std::byte> room_;  // from there
  size_t size_ = 0;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_RESULT_SINK_H_
