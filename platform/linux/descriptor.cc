#include "platform/posix/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include "platform/error.h"

namespace progeny::platform {

absl::StatusOr<PipeEnds> CreatePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return WithNextStep(LastOsError("create a pipe", ""),
                        "raise the limit of open files (ulimit -n) or close some");
  }
  Handle second(ends[1]);
  absl::StatusOr<Handle> read = AboveStandardStreams(ends[0], "create a pipe");
  if (!read.ok()) return read.status();
  absl::StatusOr<Handle> write = AboveStandardStreams(static_cast<int>(second.Release()), "create a pipe");
  if (!write.ok()) return write.status();
  return PipeEnds{*std::move(read), *std::move(write)};
}

}  // namespace progeny::platform
