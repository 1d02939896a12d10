#include "platform/handle_courier.h"

namespace progeny::platform {

absl::StatusOr<HandleCourier> HandleCourier::Create() {
  return absl::UnimplementedError("pass handles to a process: not ported to this operating system");
}
absl::StatusOr<uint64_t> HandleCourier::Send(NativeHandle, NativeHandle) {
  return absl::UnimplementedError("pass handles to a process: not ported to this operating system");
}
absl::StatusOr<Handle> HandleCourier::Receive(uint64_t) {
  return absl::UnimplementedError("pass handles to a process: not ported to this operating system");
}

}  // namespace progeny::platform
