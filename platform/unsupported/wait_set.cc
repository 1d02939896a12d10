#include "platform/wait_set.h"

namespace progeny::platform {

absl::StatusOr<std::vector<size_t>> WaitForAny(absl::Span<const NativeHandle>, Deadline) {
  return absl::UnimplementedError("wait for handles: not ported to this operating system");
}

absl::StatusOr<Wakeup> Wakeup::Create() {
  return absl::UnimplementedError("create a wakeup: not ported to this operating system");
}

void Wakeup::Set() {}

void Wakeup::Clear() {}

}  // namespace progeny::platform
