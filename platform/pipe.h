// One-way byte pipes between this process and a child's standard stream, and the files that can
// stand in their place.
//
// The parent's end can be read and written with a deadline on every OS; the child's end is an
// ordinary blocking one, as any program expects of its standard streams.
#ifndef PROGENY_PLATFORM_PIPE_H_
#define PROGENY_PLATFORM_PIPE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "platform/deadline.h"
#include "platform/handle.h"

namespace progeny::platform {

enum class PipeDirection { kParentReads, kParentWrites };

struct StreamPipe {
  Handle parent;
  Handle child;
};

absl::StatusOr<StreamPipe> CreateStreamPipe(PipeDirection direction);

// On the parent's end only. Reads what is there, at least one byte; 0 at the end of the stream
// (nobody holds the other end any more). Past the deadline: DeadlineExceeded. One reader at a time.
absl::StatusOr<size_t> ReadPipe(NativeHandle pipe, absl::Span<char> buffer, Deadline deadline);

// On the parent's end only. Writes all, or fails: Unavailable when nobody reads any more (no
// SIGPIPE is raised), DeadlineExceeded past the deadline, and then how much was written is unknown
// to the caller. One writer at a time.
absl::Status WritePipe(NativeHandle pipe, absl::string_view bytes, Deadline deadline);

enum class FileUse { kRead, kTruncate, kAppend };

// `path` is UTF-8. Created with mode 0666 less the umask when written to.
absl::StatusOr<Handle> OpenFile(const std::string& path, FileUse use);

// /dev/null or NUL, for reading and writing.
absl::StatusOr<Handle> OpenNullDevice();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_PIPE_H_
