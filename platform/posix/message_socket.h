// Messages with handles over a private pair of sockets.
//
// A message is a head of fixed size, a body and any number of handles. The kernel takes a few hundred
// handles with one message: the rest follows in messages of one byte. Every received handle is
// close-on-exec and above the standard streams.
//
// No function here allocates beyond `handles`, none raises SIGPIPE; they return 0 or an errno.
#ifndef PROGENY_PLATFORM_POSIX_MESSAGE_SOCKET_H_
#define PROGENY_PLATFORM_POSIX_MESSAGE_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/handle.h"

namespace progeny::platform {

struct SocketPair {
  Handle first;
  Handle second;
};

// Linux: SOCK_SEQPACKET, a message arrives whole. macOS: SOCK_STREAM, as it has nothing better.
absl::StatusOr<SocketPair> CreateSocketPair();
extern const bool kMessagesArriveWhole;
extern const int kSendFlags;
extern const int kReceiveFlags;
// Makes received descriptors close-on-exec where receiving doesn't. 0 or an errno.
int KeepFromExec(int descriptor);

// What every head begins with.
struct MessageHead {
  uint32_t magic = 0;
  uint32_t handle_count = 0;
  uint64_t body_size = 0;
};

struct OutgoingMessage {
  const MessageHead* head = nullptr;  // its counts tell of the rest
  size_t head_size = 0;
  absl::Span<const std::byte> body;
  absl::Span<const int> handles;
};

struct IncomingMessage {
  MessageHead* head = nullptr;
  size_t head_size = 0;
  std::byte* body = nullptr;  // room for `body_room` bytes
  size_t body_room = 0;
  std::vector<Handle> handles;
};

struct SendResult {
  int error = 0;        // EAGAIN past the socket's time-out
  bool in_part = false;  // the receiver may have a part of it: the socket is of no more use
};
SendResult SendMessage(int socket, const OutgoingMessage& message);

// ENOTCONN at the end of the stream. EMFILE when this process has no room for the handles: the
// message was received, without them. EBADMSG when it is none of ours.
int ReceiveMessage(int socket, uint32_t magic, IncomingMessage& message);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_MESSAGE_SOCKET_H_
