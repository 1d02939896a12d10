#include "platform/fork_risks.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/linux/own_threads.h"
#include "platform/linux/proc_file.h"
#include "platform/posix/stdio_buffers.h"

namespace progeny::platform {
namespace {

std::string TargetOf(int descriptor) {
  char target[PATH_MAX];
  const ssize_t size =
      readlink(absl::StrCat("/proc/self/fd/", descriptor).c_str(), target, sizeof target);
  return size > 0 ? std::string(target, static_cast<size_t>(size)) : "";
}

// "VmRSS:\t   1672 kB"
std::optional<int64_t> KilobytesIn(absl::string_view line, absl::string_view field) {
  int64_t kilobytes = 0;
  if (!absl::ConsumePrefix(&line, field) || !absl::ConsumeSuffix(&line, " kB") ||
      !absl::SimpleAtoi(absl::StripAsciiWhitespace(line), &kilobytes)) {
    return std::nullopt;
  }
  return kilobytes * 1024;
}

// "always [madvise] never" -> "madvise"
std::string Chosen(const absl::StatusOr<std::string>& choices) {
  if (!choices.ok()) return "";
  for (absl::string_view word : absl::StrSplit(absl::StripAsciiWhitespace(*choices), ' ')) {
    if (absl::ConsumePrefix(&word, "[") && absl::ConsumeSuffix(&word, "]")) return std::string(word);
  }
  return "";
}

}  // namespace

// The number of links to a process's folder of threads is theirs and two more: no need to read it.
bool HasOtherThreads() {
  if (__libc_single_threaded) return false;
  struct stat tasks {};
  return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3 + OwnOtherThreads();
}

std::vector<std::string> LoadedLibraries() {
  std::vector<std::string> paths;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        const absl::string_view path = info->dlpi_name;
        if (!path.empty()) static_cast<std::vector<std::string>*>(data)->emplace_back(path);
        return 0;
      },
      &paths);
  return paths;
}

std::vector<std::string> UnflushedStreams() { return StreamsWithOutput(!HasOtherThreads()); }

std::vector<OpenDescriptor> DescriptorsKeptOverExec() {
  std::vector<OpenDescriptor> kept;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir("/proc/self/fd"), &closedir);
  if (open == nullptr) return kept;
  while (const dirent* entry = readdir(open.get())) {
    int number = -1;
    if (!absl::SimpleAtoi(entry->d_name, &number) || number <= STDERR_FILENO) continue;
    const int flags = fcntl(number, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) kept.push_back({number, TargetOf(number)});
  }
  return kept;
}

ForkedMemory MemoryBeforeFork() {
  ForkedMemory memory;
  const absl::StatusOr<std::string> status = ReadWholeFile("/proc/self/status");
  if (status.ok()) {
    for (absl::string_view line : absl::StrSplit(*status, '\n')) {
      if (!memory.resident) memory.resident = KilobytesIn(line, "VmRSS:");
      if (!memory.copied_tables_for) memory.copied_tables_for = KilobytesIn(line, "RssAnon:");
    }
  }
  memory.huge_pages = Chosen(ReadWholeFile("/sys/kernel/mm/transparent_hugepage/enabled"));
  return memory;
}

}  // namespace progeny::platform
