// One area of a shared region, mapped into this process: to be written and read in place.
//
// A mapping is only as safe as the file behind it. Whoever shrinks a file takes the pages away from under
// everybody's mappings, and the next access is a fault that kills. So areas are mapped only where the system lets
// nobody do that:
// * Linux: memfds that are sealed against shrinking. Not the unlinked files that stand in for them.
// * macOS: files can't be sealed. Windows: sections can't shrink, but how much of one is committed is only
//   known to who has committed it. Areas are copied there (SharedRegion::WriteArea, ReadArea).
// A peer may change bytes while they are read, or punch holes, which read as zeros.
#ifndef PROGENY_PLATFORM_MAPPED_AREA_H_
#define PROGENY_PLATFORM_MAPPED_AREA_H_

#include <cstddef>

#include "absl/status/status.h"
#include "platform/shared_region.h"

namespace progeny::platform {

// Move-only owner of one mapping, nothing at first. Not thread-safe, but what is mapped may be read and
// written by any thread until the next call.
class MappedArea {
 public:
  MappedArea() = default;
  MappedArea(MappedArea&& other) noexcept;
  MappedArea& operator=(MappedArea&& other) noexcept;
  ~MappedArea();

  // Whether areas of this region can be mapped.
  static bool CanMap(const SharedRegion& region);

  // For a writer: the area's first `bytes` exist and are mapped. Memory for them is taken here, so writing to
  // them never faults for want of it; ResourceExhausted when there is none. `reserved`: so much is
  // there already. What was written stays, but may move to another address.
  absl::Status Reserve(const SharedRegion& region, SharedRegion::Area area, size_t bytes, size_t reserved);
  // For a reader: what another process has written; to write there is a fault. DataLoss when the area ends before
  // that. One object is either a writer's or a reader's.
  absl::Status Show(const SharedRegion& region, SharedRegion::Area area, size_t bytes);

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }  // what may be touched

 private:
  absl::Status Map(const SharedRegion& region, SharedRegion::Area area, size_t bytes, int access);

  std::byte* data_ = nullptr;
  size_t size_ = 0;
  [[maybe_unused]] size_t mapped_ = 0;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_MAPPED_AREA_H_
