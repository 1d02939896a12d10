#include "platform/pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/sigpipe.h"

namespace progeny::platform {
namespace {

// Waits until `events` or an error shows on the pipe.
absl::Status Await(int pipe, short events, Deadline deadline) {
  pollfd entry{pipe, events, 0};
  while (true) {
    const int ready = poll(&entry, 1, deadline.RemainingMilliseconds());
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return LastOsError("wait for a stream", "");
    if (deadline.passed()) return absl::DeadlineExceededError("the stream was not ready in time");
  }
}

}  // namespace

absl::StatusOr<StreamPipe> CreateStreamPipe(PipeDirection direction) {
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  const bool reads = direction == PipeDirection::kParentReads;
  StreamPipe pipe{std::move(reads ? ends->read : ends->write),
                  std::move(reads ? ends->write : ends->read)};
  // The flag belongs to this end's open file description; the child's end stays blocking.
  if (fcntl(static_cast<int>(pipe.parent.get()), F_SETFL, O_NONBLOCK) != 0) {
    return LastOsError("prepare a stream", "");
  }
  NeverRaiseSigpipe(static_cast<int>(pipe.parent.get()));
  return pipe;
}

absl::StatusOr<size_t> ReadPipe(NativeHandle pipe, absl::Span<char> buffer, Deadline deadline) {
  const int fd = static_cast<int>(pipe);
  while (true) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return LastOsError("read from a stream", "");
    if (absl::Status ready = Await(fd, POLLIN, deadline); !ready.ok()) return ready;
  }
}

absl::Status WritePipe(NativeHandle pipe, absl::string_view bytes, Deadline deadline) {
  const int fd = static_cast<int>(pipe);
  SigpipeGuard no_sigpipe;
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put >= 0) {
      bytes.remove_prefix(static_cast<size_t>(put));
    } else if (errno == EPIPE) {
      no_sigpipe.NoteRaised();
      return absl::UnavailableError("write to a stream: nobody reads it any more");
    } else if (errno == EAGAIN) {
      if (absl::Status ready = Await(fd, POLLOUT, deadline); !ready.ok()) return ready;
    } else if (errno != EINTR) {
      return LastOsError("write to a stream", "");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Handle> OpenFile(const std::string& path, FileUse use) {
  int flags = O_RDONLY;
  if (use == FileUse::kTruncate) flags = O_WRONLY | O_CREAT | O_TRUNC;
  if (use == FileUse::kAppend) flags = O_WRONLY | O_CREAT | O_APPEND;
  if (path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("open a file: its path holds a NUL byte");
  }
  const int fd = open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0666);
  if (fd < 0) return LastOsError(use == FileUse::kRead ? "open for reading" : "open for writing", path);
  return AboveStandardStreams(fd, "open");
}

absl::StatusOr<Handle> OpenNullDevice() {
  return AboveStandardStreams(open("/dev/null", O_RDWR | O_CLOEXEC), "open '/dev/null'");
}

}  // namespace progeny::platform
