#include "progeny/internal/pool/result_sink.h"

#include <algorithm>
#include <cstring>

#include "absl/status/statusor.h"
#include "progeny/internal/pool/wire.h"

namespace progeny::internal {
namespace {

constexpr size_t kAlignment = 64;

}  // namespace

void ResultSink::Restart() {
  in_slab_ = false;
  size_ = 0;
  room_ = {};
  bytes_.clear();
  // One large result must not cost its memory for ever.
  if (bytes_.capacity() > kKeptSlabBytes) bytes_ = {};
}

void ResultSink::Append(const void* from, size_t size) {
  const auto* bytes = static_cast<const std::byte*>(from);
  if (!in_slab_ && (!slabs_.in_place() || bytes_.size() + size <= kLargestInline)) {
    bytes_.insert(bytes_.end(), bytes, bytes + size);
    return;
  }
  const size_t before = this->size();
  // What makes it large is mostly one block of numbers: that is to be aligned for them.
  if (!in_slab_) offset_ = (kAlignment - before % kAlignment) % kAlignment;
  if (before + size > room_.size()) Grow(before + size);
  if (!in_slab_ && before > 0) std::memcpy(room_.data(), bytes_.data(), before);
  in_slab_ = true;
  std::memcpy(room_.data() + before, bytes, size);
  size_ = before + size;
}

// By halves of what there is: a value of many small parts comes in small pieces.
void ResultSink::Grow(size_t size) {
  if (!taken_) taken_ = take_();
  const size_t grown = std::max(size, room_.size() + room_.size() / 2);
  absl::StatusOr<absl::Span<std::byte>> room = slabs_.Room(taken_->slab, offset_ + grown);
  if (!room.ok()) detail::ThrowCodecError(room.status());
  room_ = room->subspan(offset_);
}

void ResultSink::Truncate(size_t size) {
  if (in_slab_) {
    size_ = size;
  } else {
    bytes_.resize(size);
  }
}

}  // namespace progeny::internal
