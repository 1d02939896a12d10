// Handles for a process that runs already.
//
// POSIX: a private pair of sockets, whose far end the other process must have got at its start. Windows:
// the handle is made in the other process at once, and its value told.
//
// What is sent is received in the same order, once for each; `told` has to get there by another way,
// such as shared memory, and says that there is something to receive.
#ifndef PROGENY_PLATFORM_HANDLE_COURIER_H_
#define PROGENY_PLATFORM_HANDLE_COURIER_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/handle.h"

namespace progeny::platform {

// One end. Move-only, not thread-safe.
class HandleCourier {
 public:
  HandleCourier() = default;
  static absl::StatusOr<HandleCourier> Create();
  // In the receiver: what far_end() gave, as it arrived, or empty where that was kNoHandle.
  static HandleCourier Open(Handle far_end) { return HandleCourier(std::move(far_end), Handle()); }

  // To be handed over at the receiver's start, then closed here.
  NativeHandle far_end() const { return far_end_.get(); }
  void CloseFarEnd() { far_end_.Reset(); }

  // `receiver`: the process's sentinel. Never waits. The handle may be closed here afterwards.
  // Unavailable: the receiver is gone, or has left too much unreceived.
  absl::StatusOr<uint64_t> Send(NativeHandle handle, NativeHandle receiver);
  // Unavailable: the sender is gone. ResourceExhausted: no room for handles; this one is lost.
  absl::StatusOr<Handle> Receive(uint64_t told);

 private:
  HandleCourier(Handle own_end, Handle far_end)
      : own_end_(std::move(own_end)), far_end_(std::move(far_end)) {}

  Handle own_end_;
  Handle far_end_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_HANDLE_COURIER_H_
