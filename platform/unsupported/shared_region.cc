#include "platform/shared_region.h"

namespace progeny::platform {

SharedRegion::SharedRegion(SharedRegion&&) noexcept {}
SharedRegion& SharedRegion::operator=(SharedRegion&&) noexcept { return *this; }
SharedRegion::~SharedRegion() = default;

absl::StatusOr<SharedRegion> SharedRegion::Create(size_t) {
  return absl::UnimplementedError("create shared memory: not ported to this operating system");
}

absl::StatusOr<SharedRegion> SharedRegion::Open(Handle, size_t) {
  return absl::UnimplementedError("open shared memory: not ported to this operating system");
}

absl::Status SharedRegion::WriteTail(absl::Span<const std::byte>) {
  return absl::UnimplementedError("write shared memory: not ported to this operating system");
}

absl::StatusOr<std::vector<std::byte>> SharedRegion::ReadTail(size_t) const {
  return absl::UnimplementedError("read shared memory: not ported to this operating system");
}

absl::Status SharedRegion::WriteArea(Area, absl::Span<const std::byte>) {
  return absl::UnimplementedError("write shared memory: not ported to this operating system");
}

absl::StatusOr<std::vector<std::byte>> SharedRegion::ReadArea(Area, size_t, std::vector<std::byte>) const {
  return absl::UnimplementedError("read shared memory: not ported to this operating system");
}

uint64_t SharedRegion::AreaOffset(Area) const { return 0; }

void SharedRegion::ReleaseTail() {}

void SharedRegion::ReleaseArea(Area, size_t) {}

}  // namespace progeny::platform
