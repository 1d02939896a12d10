#include "platform/handle_courier.h"

#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {

absl::StatusOr<HandleCourier> HandleCourier::Create() { return HandleCourier(Handle(), Handle()); }

absl::StatusOr<uint64_t> HandleCourier::Send(NativeHandle handle, NativeHandle receiver) {
  HANDLE there = nullptr;
  if (DuplicateHandle(GetCurrentProcess(), ToHandle(handle), ToHandle(receiver), &there, 0, FALSE,
                      DUPLICATE_SAME_ACCESS)) {
    return static_cast<uint64_t>(FromHandle(there));
  }
  absl::Status error = LastOsError("send a handle", "");
  if (WaitForSingleObject(ToHandle(receiver), 0) == WAIT_OBJECT_0) {
    return absl::UnavailableError("send a handle: the receiver is gone");
  }
  return error;
}

absl::StatusOr<Handle> HandleCourier::Receive(uint64_t told) {
  return Handle(static_cast<NativeHandle>(told));
}

}  // namespace progeny::platform
