// What a fork server and its client say to each other: one message each way per child.
#ifndef PROGENY_PLATFORM_POSIX_FORK_SERVER_WIRE_H_
#define PROGENY_PLATFORM_POSIX_FORK_SERVER_WIRE_H_

#include <cstddef>
#include <cstdint>

#include "platform/posix/message_socket.h"

namespace progeny::platform {

inline constexpr uint32_t kRequestMagic = 0x71657270;  // "preq"
inline constexpr uint32_t kReplyMagic = 0x706e7270;    // "prnp"

// A bigger hand-over goes in a sealed file of memory.
inline constexpr size_t kMostInline = 32 << 10;

// The handles of a request, each there only if its flag is set, in this order; behind them what is
// attached. The body, or the file: the payload, then the environment,
// each "NAME=value" followed by a NUL.
enum RequestFlag : uint32_t {
  kHasStream = 1,  // << 0, 1, 2: in, out, err; a missing one is closed in the child
  kLastStream = 1 << 2,
  kHasExitPipe = 1 << 3,
  kHasStatusSocket = 1 << 4,
  kHasDirectory = 1 << 5,
  kHasFile = 1 << 6,
  kHasEnvironment = 1 << 7,  // no handle
  kIsSignal = 1 << 8,        // no child: `signal` to `pid`, a child of the server's
};
// Always there, behind the streams.
inline constexpr size_t kSlotAndLifeline = 2;

struct ForkRequestHead : MessageHead {
  uint32_t flags = 0;
  int32_t pid = 0;
  int32_t signal = 0;
  uint32_t unused = 0;
  uint64_t payload_size = 0;
  uint64_t environment_size = 0;
};

enum class ReplyKind : uint32_t {
  kServes = 1,           // unasked, once; not by a copy
  kMade = 2,             // with a process handle if the kernel gave one from birth
  kFailed = 3,           // `error`: no child
  kNeedsStatusSocket = 4,  // no child: it can't be the client's own; ask again with such a socket. With
                           // the id by which the server knows itself
  kSignalled = 5,        // `error`: 0 or ESRCH
};

enum class ServerStep : uint32_t { kReceive = 1, kDirectory = 2, kFork = 3 };

struct ForkReplyHead : MessageHead {
  ReplyKind kind = ReplyKind::kFailed;
  ServerStep step = ServerStep::kFork;
  int32_t pid = 0;
  int32_t error = 0;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FORK_SERVER_WIRE_H_
