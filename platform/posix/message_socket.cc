#include "platform/posix/message_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "platform/posix/descriptor.h"

namespace progeny::platform {
namespace {

// Linux takes 253 with one message (SCM_MAX_FD); macOS fewer than its socket buffers hold.
constexpr size_t kHandlesAtOnce = 200;

union ControlRoom {
  cmsghdr align;
  std::byte bytes[CMSG_SPACE(kHandlesAtOnce * sizeof(int))];
};

void Attach(absl::Span<const int> handles, ControlRoom& control, msghdr& message) {
  if (handles.empty()) return;
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_SPACE(handles.size() * sizeof(int));
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(handles.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), handles.data(), handles.size() * sizeof(int));
}

// A stream takes a part of it when it is full: the rest goes without the handles, which went first.
int SendAll(int socket, msghdr& message, bool& in_part) {
  while (message.msg_iovlen > 0) {
    const ssize_t sent = sendmsg(socket, &message, kSendFlags);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno;
    in_part = true;
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    auto done = static_cast<size_t>(sent);
    while (message.msg_iovlen > 0 && done >= message.msg_iov->iov_len) {
      done -= message.msg_iov->iov_len;
      ++message.msg_iov;
      --message.msg_iovlen;
    }
    if (message.msg_iovlen == 0) break;
    message.msg_iov->iov_base = static_cast<std::byte*>(message.msg_iov->iov_base) + done;
    message.msg_iov->iov_len -= done;
  }
  return 0;
}

int Keep(int descriptor, std::vector<Handle>& handles) {
  int own = descriptor;
  if (descriptor < kFirstOwnDescriptor) {
    own = fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstOwnDescriptor);
    const int error = own < 0 ? errno : 0;
    close(descriptor);
    if (error != 0) return error;
  }
  handles.emplace_back(own);
  return KeepFromExec(own);
}

int TakeHandles(msghdr& message, std::vector<Handle>& handles) {
  int error = (message.msg_flags & MSG_CTRUNC) != 0 ? EMFILE : 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
      const int kept = Keep(descriptor, handles);
      if (error == 0) error = kept;
    }
  }
  return error;
}

// One call's worth; 0 bytes at the end of the stream. EMFILE is kept in `lost`, as the bytes are there.
int ReceiveSome(int socket, msghdr& message, size_t& got, std::vector<Handle>& handles, int& lost) {
  ControlRoom control;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t received = 0;
  do {
    received = recvmsg(socket, &message, kReceiveFlags);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return errno;
  got = static_cast<size_t>(received);
  if (const int error = TakeHandles(message, handles); error != 0) lost = error;
  return 0;
}

int ReceiveExactly(int socket, std::byte* to, size_t size, std::vector<Handle>& handles, int& lost) {
  for (size_t done = 0; done < size;) {
    iovec part{to + done, size - done};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    size_t got = 0;
    if (const int error = ReceiveSome(socket, message, got, handles, lost); error != 0) return error;
    if (got == 0) return ENOTCONN;
    done += got;
  }
  return 0;
}

int ReceiveWhole(int socket, IncomingMessage& incoming, int& lost) {
  iovec parts[2] = {{incoming.head, incoming.head_size}, {incoming.body, incoming.body_room}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = incoming.body_room > 0 ? 2 : 1;
  size_t got = 0;
  if (const int error = ReceiveSome(socket, message, got, incoming.handles, lost); error != 0) {
    return error;
  }
  if (got == 0) return ENOTCONN;
  if (got < incoming.head_size) return EBADMSG;
  return got - incoming.head_size == incoming.head->body_size ? 0 : EBADMSG;
}

int ReceiveInParts(int socket, IncomingMessage& incoming, int& lost) {
  auto* const head = reinterpret_cast<std::byte*>(incoming.head);
  const int error = ReceiveExactly(socket, head, incoming.head_size, incoming.handles, lost);
  if (error != 0) return error;
  if (incoming.head->body_size > incoming.body_room) return EBADMSG;
  return ReceiveExactly(socket, incoming.body, incoming.head->body_size, incoming.handles, lost);
}

}  // namespace

SendResult SendMessage(int socket, const OutgoingMessage& outgoing) {
  iovec parts[2] = {
      {const_cast<MessageHead*>(outgoing.head), outgoing.head_size},
      {const_cast<std::byte*>(outgoing.body.data()), outgoing.body.size()}};
  absl::Span<const int> left = outgoing.handles;
  SendResult result;
  ControlRoom control;
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = outgoing.body.empty() ? 1 : 2;
  Attach(left.subspan(0, kHandlesAtOnce), control, message);
  result.error = SendAll(socket, message, result.in_part);
  while (result.error == 0 && left.size() > kHandlesAtOnce) {
    left.remove_prefix(kHandlesAtOnce);
    std::byte more{1};
    iovec part{&more, 1};
    message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    Attach(left.subspan(0, kHandlesAtOnce), control, message);
    result.error = SendAll(socket, message, result.in_part);
  }
  if (result.error == 0) result.in_part = false;
  return result;
}

int ReceiveMessage(int socket, uint32_t magic, IncomingMessage& incoming) {
  incoming.handles.clear();
  int lost = 0;
  const int error = kMessagesArriveWhole ? ReceiveWhole(socket, incoming, lost)
                                         : ReceiveInParts(socket, incoming, lost);
  if (error != 0) return error;
  if (incoming.head->magic != magic) return EBADMSG;
  const size_t count = incoming.head->handle_count;
  for (size_t seen = kHandlesAtOnce; seen < count; seen += kHandlesAtOnce) {
    std::byte more{};
    if (const int e = ReceiveExactly(socket, &more, 1, incoming.handles, lost); e != 0) return e;
  }
  if (lost != 0) return lost;
  return incoming.handles.size() == count ? 0 : EMFILE;
}

}  // namespace progeny::platform
