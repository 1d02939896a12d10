#include "platform/pipe.h"

namespace progeny::platform {

absl::StatusOr<StreamPipe> CreateStreamPipe(PipeDirection) {
  return absl::UnimplementedError("create a stream: not ported to this operating system");
}

absl::StatusOr<size_t> ReadPipe(NativeHandle, absl::Span<char>, Deadline) {
  return absl::UnimplementedError("read from a stream: not ported to this operating system");
}

absl::Status WritePipe(NativeHandle, absl::string_view, Deadline) {
  return absl::UnimplementedError("write to a stream: not ported to this operating system");
}

absl::StatusOr<Handle> OpenFile(const std::string&, FileUse) {
  return absl::UnimplementedError("open a file: not ported to this operating system");
}

absl::StatusOr<Handle> OpenNullDevice() {
  return absl::UnimplementedError("open the null device: not ported to this operating system");
}

}  // namespace progeny::platform
