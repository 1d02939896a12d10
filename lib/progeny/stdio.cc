#include "progeny/stdio.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "progeny/internal/self.h"
#include "progeny/internal/stream_end.h"

namespace progeny {
namespace detail {
namespace {

constexpr size_t kRemembered = 4096;
constexpr size_t kMostUnread = size_t{1} << 20;  // more than a pipe holds
constexpr int kLines = 10;

}  // namespace

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
  if (!unread_.empty()) {
    const size_t size = std::min(buffer.size(), unread_.size());
    std::copy_n(unread_.begin(), size, buffer.begin());
    unread_.erase(0, size);
    return size;
  }
  absl::StatusOr<size_t> got = platform::ReadPipe(handle_.get(), buffer, deadline);
  if (got.ok()) Remember({buffer.data(), *got});
  return got;
}

void StreamEnd::Remember(absl::string_view bytes) {
  if (bytes.size() > kRemembered) bytes.remove_prefix(bytes.size() - kRemembered);
  last_.append(bytes);
  if (last_.size() > 2 * kRemembered) last_.erase(0, last_.size() - kRemembered);
}

std::string StreamEnd::LastLines() {
  if (generation_ != internal::ForkGeneration()) return "";
  const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
  if (!lock) return "";
  const platform::Deadline now = platform::Deadline::After(absl::ZeroDuration());
  char piece[4096];
  while (handle_.valid() && unread_.size() < kMostUnread) {
    const absl::StatusOr<size_t> got = platform::ReadPipe(handle_.get(), absl::MakeSpan(piece), now);
    if (!got.ok() || *got == 0) break;
    unread_.append(piece, *got);
    Remember({piece, *got});
  }
  absl::string_view lines = absl::StripTrailingAsciiWhitespace(last_);
  size_t begin = lines.size();
  for (int line = 0; line < kLines && begin != 0 && begin != absl::string_view::npos; ++line) {
    begin = lines.rfind('\n', begin - 1);
  }
  return std::string(begin == absl::string_view::npos || begin == 0 ? lines : lines.substr(begin + 1));
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
