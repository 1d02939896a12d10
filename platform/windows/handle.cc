#include "platform/handle.h"

#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {

void CloseNativeHandle(NativeHandle handle) { CloseHandle(ToHandle(handle)); }

absl::StatusOr<Handle> DuplicateNativeHandle(NativeHandle handle) {
  HANDLE duplicate = nullptr;
  // The value of "no handle" is also that of "this process", which would be duplicated gladly.
  if (handle == kNoHandle) return OsError(ERROR_INVALID_HANDLE, "duplicate a handle", "");
  if (!DuplicateHandle(GetCurrentProcess(), ToHandle(handle), GetCurrentProcess(), &duplicate, 0,
                       FALSE, DUPLICATE_SAME_ACCESS)) {
    return LastOsError("duplicate a handle", "");
  }
  return Handle(FromHandle(duplicate));
}

}  // namespace progeny::platform
