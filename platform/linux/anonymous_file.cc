#include "platform/posix/anonymous_file.h"

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

absl::Status ReserveBytes(NativeHandle file, size_t bytes) {
  const int fd = static_cast<int>(file);
  // fallocate, not ftruncate: the pages exist now, so no access to them can be a SIGBUS later.
  if (fallocate(fd, 0, 0, static_cast<off_t>(bytes)) != 0) {
    return LastOsError("reserve shared memory", "");
  }
  // A peer that shrank it would make our accesses fault. Growing stays allowed: the tail grows.
  fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
  return absl::OkStatus();
}

void PunchHole(NativeHandle file, size_t offset, size_t bytes) {
  (void)fallocate(static_cast<int>(file), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(offset), static_cast<off_t>(bytes));
}

void Freeze(NativeHandle file) {
  fcntl(static_cast<int>(file), F_ADD_SEALS,
        F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

}  // namespace progeny::platform
