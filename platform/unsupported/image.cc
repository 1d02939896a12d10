#include "platform/image.h"

namespace progeny::platform {

absl::StatusOr<ImageAddress> FindImage(const void*) {
  return absl::UnimplementedError("find the image of an address: not ported to this operating system");
}

absl::StatusOr<const void*> ResolveImage(const ImageAddress&, size_t) {
  return absl::UnimplementedError("find an entry in an image: not ported to this operating system");
}

std::string ProgramPath() { return "(this program)"; }

void PublishGuard() {}

bool GuardPublished() { return false; }

}  // namespace progeny::platform
