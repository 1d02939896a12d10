// Shared memory as an unlinked temporary file, not a POSIX shared memory object: those can be sized
// once only (a second ftruncate is EINVAL), can be neither read nor written nor mapped privately,
// and need a name of at most 31 characters that others can clash with. The price: what is written
// goes to the disk in time, and a SIGKILL between creation and unlink leaves an empty file in a
// folder that the system cleans.
#include "platform/posix/anonymous_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>
#include <vector>

#include "platform/error.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {
namespace {

// $TMPDIR; without it the user's own folder, as the system knows it; last the one for everybody.
std::vector<std::string> TemporaryFolders() {
  std::vector<std::string> folders;
  if (const char* chosen = getenv("TMPDIR"); chosen != nullptr && *chosen != '\0') {
    folders.emplace_back(chosen);
  }
  char own[PATH_MAX];
  const size_t size = confstr(_CS_DARWIN_USER_TEMP_DIR, own, sizeof own);
  if (size > 0 && size <= sizeof own) folders.emplace_back(own);
  folders.emplace_back("/tmp");
  return folders;
}

// A descriptor, or -1 and errno.
int CreateUnlinked(const std::string& folder, const char* label) {
  std::string path = folder + "/" + label + ".XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd >= 0) unlink(path.c_str());
  return fd;
}

}  // namespace

absl::StatusOr<Handle> CreateAnonymousFile(const char* label) {
  int fd = -1;
  for (const std::string& folder : TemporaryFolders()) {
    fd = CreateUnlinked(folder, label);
    // Another folder gives no more descriptors.
    if (fd >= 0 || errno == EMFILE || errno == ENFILE) break;
  }
  absl::StatusOr<Handle> file = AboveStandardStreams(fd, "create shared memory");
  if (file.ok()) return file;
  return WithNextStep(file.status(),
                      "raise the limit of open files (ulimit -n), or set TMPDIR to a folder with room");
}

// Written, not only sized: a hole that can't be filled when it is touched is a SIGBUS.
absl::Status ReserveBytes(NativeHandle file, size_t bytes) {
  const std::vector<std::byte> zeros(std::min<size_t>(bytes, size_t{1} << 20));
  for (size_t at = 0; at < bytes; at += zeros.size()) {
    const size_t part = std::min(zeros.size(), bytes - at);
    if (absl::Status put = WriteAt(file, at, absl::MakeConstSpan(zeros).first(part)); !put.ok()) {
      return put;
    }
  }
  return absl::OkStatus();
}

// APFS takes whole blocks only.
void PunchHole(NativeHandle file, size_t offset, size_t bytes) {
  constexpr size_t kBlock = 4096;
  const size_t first = (offset + kBlock - 1) / kBlock * kBlock;
  const size_t end = (offset + bytes) / kBlock * kBlock;
  if (end <= first) return;
  fpunchhole_t hole{};
  hole.fp_offset = static_cast<off_t>(first);
  hole.fp_length = static_cast<off_t>(end - first);
  (void)fcntl(static_cast<int>(file), F_PUNCHHOLE, &hole);
}

void Freeze(NativeHandle) {}

}  // namespace progeny::platform
