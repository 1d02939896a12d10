#include "platform/mapped_area.h"

namespace progeny::platform {

MappedArea::MappedArea(MappedArea&&) noexcept {}
MappedArea& MappedArea::operator=(MappedArea&&) noexcept { return *this; }
MappedArea::~MappedArea() = default;

bool MappedArea::CanMap(const SharedRegion&) { return false; }

absl::Status MappedArea::Map(const SharedRegion&, SharedRegion::Area, size_t, int) {
  return absl::UnimplementedError("map shared memory: a file can be cut short under a mapping here");
}

absl::Status MappedArea::Reserve(const SharedRegion& region, SharedRegion::Area area, size_t bytes, size_t) {
  return Map(region, area, bytes, 0);
}

absl::Status MappedArea::Show(const SharedRegion& region, SharedRegion::Area area, size_t bytes) {
  return Map(region, area, bytes, 0);
}

}  // namespace progeny::platform
