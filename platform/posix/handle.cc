#include "platform/handle.h"

#include <fcntl.h>
#include <unistd.h>

#include "platform/error.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {

void CloseNativeHandle(NativeHandle handle) {
  // No retry on EINTR: the descriptor is gone by then on Linux, and may already be somebody else's.
  close(static_cast<int>(handle));
}

absl::StatusOr<Handle> DuplicateNativeHandle(NativeHandle handle) {
  const int copy = fcntl(static_cast<int>(handle), F_DUPFD_CLOEXEC, kFirstOwnDescriptor);
  if (copy < 0) return LastOsError("duplicate a descriptor", "");
  return Handle(copy);
}

absl::StatusOr<Handle> AboveStandardStreams(int descriptor, absl::string_view operation) {
  if (descriptor < 0) return LastOsError(operation, "");
  if (descriptor >= kFirstOwnDescriptor) return Handle(descriptor);
  Handle low(descriptor);
  return DuplicateNativeHandle(descriptor);
}

}  // namespace progeny::platform
