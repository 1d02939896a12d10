#include "platform/posix/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <mutex>

#include "platform/error.h"
#include "platform/posix/fork_lock.h"

namespace progeny::platform {
namespace {

// Between pipe() and this, a descriptor can be inherited. Every fork() takes the fork lock first, so
// forked children never catch one half made; another thread's posix_spawn still may.
absl::Status MarkCloseOnExec(const int (&ends)[2]) {
  for (int end : ends) {
    if (fcntl(end, F_SETFD, FD_CLOEXEC) != 0) return LastOsError("create a pipe", "");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PipeEnds> CreatePipe() {
  int ends[2];
  Handle first;
  Handle second;
  {
    std::lock_guard<std::mutex> lock(ForkLock());
    if (pipe(ends) != 0) {
      return WithNextStep(LastOsError("create a pipe", ""),
                          "raise the limit of open files (ulimit -n) or close some");
    }
    first = Handle(ends[0]);
    second = Handle(ends[1]);
    if (absl::Status marked = MarkCloseOnExec(ends); !marked.ok()) return marked;
  }
  absl::StatusOr<Handle> read =
      AboveStandardStreams(static_cast<int>(first.Release()), "create a pipe");
  if (!read.ok()) return read.status();
  absl::StatusOr<Handle> write =
      AboveStandardStreams(static_cast<int>(second.Release()), "create a pipe");
  if (!write.ok()) return write.status();
  return PipeEnds{*std::move(read), *std::move(write)};
}

}  // namespace progeny::platform
