#include "platform/handle_courier.h"

#include <fcntl.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/posix/message_socket.h"

namespace progeny::platform {
namespace {

constexpr uint32_t kMagic = 0x72756f63;  // "cour"

bool ReceiverGone(int error) { return error == EPIPE || error == ECONNRESET || error == ENOTCONN; }

}  // namespace

absl::StatusOr<HandleCourier> HandleCourier::Create() {
  absl::StatusOr<SocketPair> sockets = CreateSocketPair();
  if (!sockets.ok()) return sockets.status();
  const int own = static_cast<int>(sockets->first.get());
  if (fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK) != 0) {
    return LastOsError("prepare a pair of sockets", "");
  }
  return HandleCourier(std::move(sockets->first), std::move(sockets->second));
}

absl::StatusOr<uint64_t> HandleCourier::Send(NativeHandle handle, NativeHandle) {
  const int descriptor = static_cast<int>(handle);
  MessageHead head;
  head.magic = kMagic;
  head.handle_count = 1;
  OutgoingMessage message;
  message.head = &head;
  message.head_size = sizeof head;
  message.handles = {&descriptor, 1};
  const SendResult sent = SendMessage(static_cast<int>(own_end_.get()), message);
  if (sent.error == 0) return 0;
  if (ReceiverGone(sent.error)) return absl::UnavailableError("send a handle: the receiver is gone");
  if (sent.error == EAGAIN || sent.error == ENOBUFS || sent.error == ETOOMANYREFS) {
    return absl::UnavailableError("send a handle: too many wait to be received");
  }
  return OsError(sent.error, "send a handle", "");
}

absl::StatusOr<Handle> HandleCourier::Receive(uint64_t) {
  MessageHead head;
  IncomingMessage message;
  message.head = &head;
  message.head_size = sizeof head;
  const int error = ReceiveMessage(static_cast<int>(own_end_.get()), kMagic, message);
  if (error == ENOTCONN) return absl::UnavailableError("receive a handle: the sender is gone");
  if (error != 0) return OsError(error, "receive a handle", "");
  if (message.handles.size() != 1) return absl::DataLossError("receive a handle: none came along");
  return std::move(message.handles.front());
}

}  // namespace progeny::platform
