#include "platform/memory_usage.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/linux/proc_file.h"
#include "platform/linux/smaps.h"

namespace progeny::platform {
namespace {

// Whether the kernel knows a process that /proc doesn't show.
bool IsHidden(int64_t process_id, const std::string& directory) {
  if (process_id > std::numeric_limits<pid_t>::max()) return false;
  if (access(directory.c_str(), F_OK) == 0) return false;
  return kill(static_cast<pid_t>(process_id), 0) == 0 || errno == EPERM;
}

}  // namespace

absl::StatusOr<MemoryUsage> GetMemoryUsage(int64_t process_id) {
  if (process_id <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("read memory usage: process id ", process_id, " is not positive"));
  }
  // /proc may belong to another pid namespace, where our own number means somebody else.
  const std::string directory =
      process_id == getpid() ? "/proc/self" : absl::StrCat("/proc/", process_id);
  absl::StatusOr<MemoryUsage> usage = ReadMemoryUsage(directory, process_id);
  if (absl::IsNotFound(usage.status()) && IsHidden(process_id, directory)) {
    return absl::PermissionDeniedError(
        absl::StrCat("read memory usage of process ", process_id, ": it lives, but ", directory,
                     " is not there; mount /proc, without hidepid for this user"));
  }
  return usage;
}

absl::StatusOr<SystemMemory> GetSystemMemory() {
  const absl::StatusOr<std::string> text = ReadWholeFile("/proc/meminfo");
  if (!text.ok()) return text.status();
  return ParseMeminfo(*text);
}

}  // namespace progeny::platform
