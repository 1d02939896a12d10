#include "platform/mapped_regions.h"

namespace progeny::platform {

absl::StatusOr<std::vector<MappedRegion>> MappedRegions() {
  return absl::UnimplementedError("list mapped memory: not ported to this operating system");
}

}  // namespace progeny::platform
