#include "progeny/stdio.h"

#include "progeny/internal/self.h"
#include "progeny/internal/stream_end.h"

namespace progeny {
namespace detail {

StreamEnd::StreamEnd(platform::Handle handle)
    : handle_(std::move(handle)), generation_(internal::ForkGeneration()) {}

absl::Status StreamEnd::CheckOpen() const {
  if (generation_ != internal::ForkGeneration()) {
    return absl::FailedPreconditionError("this stream belongs to the parent of this process");
  }
  if (!handle_.valid()) return absl::FailedPreconditionError("this stream has been closed");
  return absl::OkStatus();
}

absl::StatusOr<size_t> StreamEnd::Read(absl::Span<char> buffer, platform::Deadline deadline) {
  if (generation_ != internal::ForkGeneration()) return CheckOpen();
  std::lock_guard<std::mutex> lock(mutex_);
  if (absl::Status open = CheckOpen(); !open.ok()) return open;
  if (buffer.empty()) return absl::InvalidArgumentError("read from a stream: the buffer is empty");
  return platform::ReadPipe(handle_.get(), buffer, deadline);
}

absl::Status StreamEnd::Write(absl::string_view bytes, platform::Deadline deadline) {
  if (generation_ != internal::ForkGeneration()) return CheckOpen();
  std::lock_guard<std::mutex> lock(mutex_);
  if (absl::Status open = CheckOpen(); !open.ok()) return open;
  return platform::WritePipe(handle_.get(), bytes, deadline);
}

void StreamEnd::Close() {
  if (generation_ != internal::ForkGeneration()) return;
  std::lock_guard<std::mutex> lock(mutex_);
  handle_.Reset();
}

void StreamEnd::CloseInForkedChild() {
  // Another thread of the parent may hold the mutex for ever here; nobody else lives in this child.
  handle_.Reset();
}

}  // namespace detail

absl::StatusOr<size_t> Stream::Read(absl::Span<char> buffer, absl::Duration timeout) {
  return end_->Read(buffer, platform::Deadline::After(timeout));
}

absl::StatusOr<std::string> Stream::ReadAll(absl::Duration timeout) {
  const platform::Deadline deadline = platform::Deadline::After(timeout);
  std::string text;
  char buffer[16 << 10];
  while (true) {
    absl::StatusOr<size_t> got = end_->Read(absl::MakeSpan(buffer), deadline);
    if (!got.ok()) return got.status();
    if (*got == 0) return text;
    text.append(buffer, *got);
  }
}

absl::Status Stream::Write(absl::string_view bytes, absl::Duration timeout) {
  return end_->Write(bytes, platform::Deadline::After(timeout));
}

void Stream::Close() { end_->Close(); }

}  // namespace progeny
