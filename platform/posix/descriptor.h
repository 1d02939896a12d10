// Descriptors of our own never take the numbers of standard streams, even where those are closed.
#ifndef PROGENY_PLATFORM_POSIX_DESCRIPTOR_H_
#define PROGENY_PLATFORM_POSIX_DESCRIPTOR_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/handle.h"

namespace progeny::platform {

inline constexpr int kFirstOwnDescriptor = 3;

// Takes what open(), pipe() and the like returned, errno included: an owner of it, moved above the
// standard streams if it was one of them, or the error of `operation`.
absl::StatusOr<Handle> AboveStandardStreams(int descriptor, absl::string_view operation);

struct PipeEnds {
  Handle read;
  Handle write;
};

// A close-on-exec pipe. On macOS, which has no pipe2, a program that another thread starts by
// posix_spawn at the same moment may catch it. Not to be called under ForkLock().
absl::StatusOr<PipeEnds> CreatePipe();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_DESCRIPTOR_H_
