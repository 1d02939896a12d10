#include "platform/posix/anonymous_file.h"

#include <unistd.h>

#include <cerrno>

#include "platform/error.h"

namespace progeny::platform {

absl::Status WriteAt(NativeHandle file, size_t offset, absl::Span<const std::byte> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put = pwrite(static_cast<int>(file), bytes.data() + done, bytes.size() - done,
                               static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return LastOsError("write shared memory", "");
    done += static_cast<size_t>(put);
  }
  return absl::OkStatus();
}

}  // namespace progeny::platform
