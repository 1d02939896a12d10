#include "platform/linux/anonymous_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {

absl::StatusOr<Handle> CreateAnonymousFile(const char* label) {
  int fd = memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
    for (const char* directory : {"/dev/shm", "/tmp"}) {
      fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
      if (fd >= 0) break;
    }
  }
  absl::StatusOr<Handle> file = AboveStandardStreams(fd, "create shared memory");
  if (file.ok() || !absl::IsResourceExhausted(file.status())) return file;
  return WithNextStep(file.status(), "raise the limit of open files (ulimit -n) or free memory");
}

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
