#include "platform/handle.h"

#include "absl/status/status.h"

namespace progeny::platform {

void CloseNativeHandle(NativeHandle) {}

absl::StatusOr<Handle> DuplicateNativeHandle(NativeHandle) {
  return absl::UnimplementedError("duplicate a handle: not ported to this operating system");
}

}  // namespace progeny::platform
