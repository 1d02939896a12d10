#include "platform/linux/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/handle.h"

namespace progeny::platform {

absl::Status ReadInPieces(const std::string& path,
                          absl::FunctionRef<void(absl::string_view)> sink) {
  int descriptor;
  do {
    descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return LastOsError("open", path);
  const Handle owner(descriptor);
  char buffer[16384];
  for (;;) {
    const ssize_t got = read(descriptor, buffer, sizeof buffer);
    if (got == 0) return absl::OkStatus();
    if (got > 0) {
      sink(absl::string_view(buffer, static_cast<size_t>(got)));
    } else if (errno != EINTR) {
      return LastOsError("read", path);
    }
  }
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  std::string text;
  absl::Status status =
      ReadInPieces(path, [&text](absl::string_view piece) { text.append(piece); });
  if (!status.ok()) return status;
  return text;
}

}  // namespace progeny::platform
