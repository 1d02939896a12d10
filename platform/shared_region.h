// Anonymous memory that several processes share through a handle, with a tail for large answers.
//
// The head is mapped in every process that holds the region: fixed size, zeroed, for words and
// small messages. The tail lies behind it, is not mapped, and is written once by one process and
// read by another, by copy: whatever the writer does to it, a reader gets bytes or an error value,
// never a fault. It vanishes with its last user, SIGKILL included.
//
// Two processes that talk for long use areas instead of the tail: one per direction, written and
// read again and again in turns that the two agree on by words in the head.
#ifndef PROGENY_PLATFORM_SHARED_REGION_H_
#define PROGENY_PLATFORM_SHARED_REGION_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/handle.h"

namespace progeny::platform {

// Move-only owner of one handle and one mapping. Concurrent use of the head is up to atomics.
class SharedRegion {
 public:
  SharedRegion() = default;
  SharedRegion(SharedRegion&& other) noexcept;
  SharedRegion& operator=(SharedRegion&& other) noexcept;
  ~SharedRegion();

  // `head_bytes` is rounded up to whole pages. The head's memory is reserved here: touching it
  // later never faults. ResourceExhausted when memory or handles are.
  static absl::StatusOr<SharedRegion> Create(size_t head_bytes);
  // Maps the region behind `handle`, which another process made. DataLoss if it is smaller.
  static absl::StatusOr<SharedRegion> Open(Handle handle, size_t head_bytes);

  bool valid() const { return head_ != nullptr; }
  std::byte* head() const { return head_; }
  size_t head_size() const { return head_size_; }
  NativeHandle handle() const { return handle_.get(); }

  // Replaces the tail. ResourceExhausted when there is no memory for it; Windows: at most 64 GiB.
  absl::Status WriteTail(absl::Span<const std::byte> bytes);
  // The first `size` bytes of the tail; DataLoss if it is shorter.
  absl::StatusOr<std::vector<std::byte>> ReadTail(size_t size) const;

  // Gives the tail's memory back, if there is a way (as for an area).
  void ReleaseTail();

  // Of a region whose tail is not used. Both processes have mapped a head of the same size. Errors as
  // for the tail; on Windows an area holds 30 GiB at most. kThird and kFourth are only there where areas
  // can be mapped (mapped_area.h).
  enum class Area { kFirst, kSecond, kThird, kFourth };
  absl::Status WriteArea(Area area, absl::Span<const std::byte> bytes);
  // Into the memory of `reused`, where that saves something.
  absl::StatusOr<std::vector<std::byte>> ReadArea(Area area, size_t size,
                                                  std::vector<std::byte> reused = {}) const;
  // Gives the memory of an area's first `size` bytes back, if there is a way: on Windows it stays
  // committed until the region is gone.
  void ReleaseArea(Area area, size_t size);

  // Where an area begins, for mapped_area.h.
  uint64_t AreaOffset(Area area) const;

 private:
  Handle handle_;
  std::byte* head_ = nullptr;
  size_t head_size_ = 0;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_SHARED_REGION_H_
