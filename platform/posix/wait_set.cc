#include "platform/wait_set.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {

absl::StatusOr<std::vector<size_t>> WaitForAny(absl::Span<const NativeHandle> handles,
                                               Deadline deadline) {
  std::vector<pollfd> entries;
  entries.reserve(handles.size());
  for (NativeHandle handle : handles) entries.push_back({static_cast<int>(handle), POLLIN, 0});
  while (true) {
    const int count = poll(entries.data(), entries.size(), deadline.RemainingMilliseconds());
    if (count < 0 && errno != EINTR) return LastOsError("wait for handles", "");
    std::vector<size_t> ready;
    for (size_t i = 0; count > 0 && i < entries.size(); ++i) {
      if ((entries[i].revents & POLLNVAL) != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("wait for handles: number ", i, " is not an open descriptor"));
      }
      if (entries[i].revents != 0) ready.push_back(i);
    }
    if (!ready.empty()) return ready;
    if (deadline.passed()) return absl::DeadlineExceededError("none of the handles became ready");
  }
}

absl::StatusOr<Wakeup> Wakeup::Create() {
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  for (const Handle* end : {&ends->read, &ends->write}) {
    if (fcntl(static_cast<int>(end->get()), F_SETFL, O_NONBLOCK) != 0) {
      return LastOsError("prepare a wakeup", "");
    }
  }
  Wakeup wakeup;
  wakeup.ready_ = std::move(ends->read);
  wakeup.writer_ = std::move(ends->write);
  return wakeup;
}

void Wakeup::Set() {
  const char byte = 1;
  // A full pipe is a set wakeup.
  while (write(static_cast<int>(writer_.get()), &byte, 1) < 0 && errno == EINTR) {
  }
}

void Wakeup::Clear() {
  char bytes[64];
  while (true) {
    const ssize_t got = read(static_cast<int>(ready_.get()), bytes, sizeof bytes);
    if (got == static_cast<ssize_t>(sizeof bytes) || (got < 0 && errno == EINTR)) continue;
    return;
  }
}

}  // namespace progeny::platform
