// Anonymous pipes of Windows can't be waited for with a deadline, so these are named ones with a
// name that nobody can guess: the parent's end overlapped, the child's end an ordinary one.
#include "platform/pipe.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "platform/error.h"
#include "platform/windows/random.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr DWORD kPipeBuffer = 65536;
// The system holds a copy of what is being written.
constexpr size_t kLargestWrite = size_t{1} << 20;

absl::StatusOr<Handle> CreateParentEnd(const std::wstring& name, DWORD access) {
  const HANDLE pipe = CreateNamedPipeW(
      name.c_str(), access | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
      PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
      /*nMaxInstances=*/1, kPipeBuffer, kPipeBuffer, /*nDefaultTimeOut=*/0, nullptr);
  if (pipe == INVALID_HANDLE_VALUE) return LastOsError("create a pipe", "");
  return Handle(FromHandle(pipe));
}

absl::StatusOr<Handle> OpenWide(const std::wstring& path, DWORD access, DWORD disposition) {
  const HANDLE file =
      CreateFileW(path.c_str(), access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                  nullptr, disposition, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return LastOsError("open", Utf8FromWide(path));
  return Handle(FromHandle(file));
}

enum class Step { kDone, kAgain, kClosed, kTimedOut };

struct Progress {
  Step step = Step::kDone;
  DWORD bytes = 0;
};

bool SaysClosed(DWORD error) {
  return error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA || error == ERROR_PIPE_NOT_CONNECTED;
}

// One overlapped read or write. Lives until the system has let go of the buffer.
class Transfer {
 public:
  static absl::StatusOr<Transfer> Create(NativeHandle pipe) {
    Handle event(FromHandle(CreateEventW(nullptr, TRUE, FALSE, nullptr)));
    if (!event.valid()) return LastOsError("create an event", "");
    return Transfer(pipe, std::move(event));
  }

  absl::StatusOr<Progress> Read(absl::Span<char> buffer, Deadline deadline) {
    const DWORD size = static_cast<DWORD>(std::min(buffer.size(), kLargestWrite));
    return Finish(ReadFile(pipe_, buffer.data(), size, nullptr, Overlapped()), "read from a pipe",
                  deadline);
  }

  absl::StatusOr<Progress> Write(absl::string_view bytes, Deadline deadline) {
    const DWORD size = static_cast<DWORD>(std::min(bytes.size(), kLargestWrite));
    return Finish(WriteFile(pipe_, bytes.data(), size, nullptr, Overlapped()), "write to a pipe",
                  deadline);
  }

 private:
  Transfer(NativeHandle pipe, Handle event) : pipe_(ToHandle(pipe)), event_(std::move(event)) {}

  OVERLAPPED* Overlapped() {
    overlapped_ = OVERLAPPED{};
    overlapped_.hEvent = ToHandle(event_.get());
    return &overlapped_;
  }

  absl::StatusOr<Progress> Finish(BOOL started, absl::string_view operation, Deadline deadline) {
    if (!started && GetLastError() != ERROR_IO_PENDING) return Failed(GetLastError(), operation);
    while (WaitForSingleObject(ToHandle(event_.get()),
                               static_cast<DWORD>(deadline.RemainingMilliseconds())) ==
           WAIT_TIMEOUT) {
      if (!deadline.passed()) continue;
      CancelIoEx(pipe_, &overlapped_);
      break;
    }
    DWORD bytes = 0;
    // Waits: after a cancellation the buffer is the system's until the transfer has really ended,
    // and it may have succeeded all the same.
    if (!GetOverlappedResult(pipe_, &overlapped_, &bytes, TRUE)) {
      return Failed(GetLastError(), operation);
    }
    return Progress{bytes == 0 ? Step::kAgain : Step::kDone, bytes};
  }

  absl::StatusOr<Progress> Failed(DWORD error, absl::string_view operation) {
    if (SaysClosed(error)) return Progress{Step::kClosed, 0};
    if (error == ERROR_OPERATION_ABORTED) return Progress{Step::kTimedOut, 0};
    return OsError(error, operation, "");
  }

  HANDLE pipe_;
  Handle event_;
  OVERLAPPED overlapped_{};
};

}  // namespace

absl::StatusOr<StreamPipe> CreateStreamPipe(PipeDirection direction) {
  const bool parent_reads = direction == PipeDirection::kParentReads;
  const std::string name = absl::StrFormat("\\\\.\\pipe\\progeny-%d-%016x%016x",
                                           GetCurrentProcessId(), RandomWord(), RandomWord());
  const std::wstring wide_name(name.begin(), name.end());
  absl::StatusOr<Handle> parent =
      CreateParentEnd(wide_name, parent_reads ? PIPE_ACCESS_INBOUND : PIPE_ACCESS_OUTBOUND);
  if (!parent.ok()) return parent.status();
  // The attributes of the other direction let a child ask what it was given (GetNamedPipeInfo).
  absl::StatusOr<Handle> child =
      OpenWide(wide_name, parent_reads ? GENERIC_WRITE | FILE_READ_ATTRIBUTES
                                       : GENERIC_READ | FILE_WRITE_ATTRIBUTES,
               OPEN_EXISTING);
  if (!child.ok()) return child.status();
  return StreamPipe{.parent = *std::move(parent), .child = *std::move(child)};
}

absl::StatusOr<size_t> ReadPipe(NativeHandle pipe, absl::Span<char> buffer, Deadline deadline) {
  absl::StatusOr<Transfer> transfer = Transfer::Create(pipe);
  if (!transfer.ok()) return transfer.status();
  for (;;) {
    const absl::StatusOr<Progress> progress = transfer->Read(buffer, deadline);
    if (!progress.ok()) return progress.status();
    switch (progress->step) {
      case Step::kDone:
        return progress->bytes;
      case Step::kClosed:
        return size_t{0};
      case Step::kTimedOut:
        return absl::DeadlineExceededError("read from a pipe: nothing came in time");
      case Step::kAgain:
        // Somebody wrote zero bytes, which is no end of the stream.
        if (buffer.empty()) return size_t{0};
        break;
    }
  }
}

absl::Status WritePipe(NativeHandle pipe, absl::string_view bytes, Deadline deadline) {
  absl::StatusOr<Transfer> transfer = Transfer::Create(pipe);
  if (!transfer.ok()) return transfer.status();
  while (!bytes.empty()) {
    const absl::StatusOr<Progress> progress = transfer->Write(bytes, deadline);
    if (!progress.ok()) return progress.status();
    if (progress->step == Step::kClosed) {
      return absl::UnavailableError("write to a pipe: nobody reads from it any more");
    }
    if (progress->step == Step::kTimedOut) {
      return absl::DeadlineExceededError("write to a pipe: not all was read in time");
    }
    bytes.remove_prefix(progress->bytes);
  }
  return absl::OkStatus();
}

absl::StatusOr<Handle> OpenFile(const std::string& path, FileUse use) {
  const absl::StatusOr<std::wstring> wide = WidePath(path);
  if (!wide.ok()) return wide.status();
  switch (use) {
    case FileUse::kRead:
      return OpenWide(*wide, GENERIC_READ, OPEN_EXISTING);
    case FileUse::kTruncate:
      return OpenWide(*wide, GENERIC_WRITE, CREATE_ALWAYS);
    case FileUse::kAppend:
      // Without the right to write anywhere else, every write goes to the end.
      return OpenWide(*wide, FILE_GENERIC_WRITE & ~FILE_WRITE_DATA, OPEN_ALWAYS);
  }
  return absl::InvalidArgumentError("open a file: unknown use");
}

absl::StatusOr<Handle> OpenNullDevice() {
  return OpenWide(L"NUL", GENERIC_READ | GENERIC_WRITE, OPEN_EXISTING);
}

}  // namespace progeny::platform
