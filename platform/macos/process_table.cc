#include "platform/process_table.h"

#include <libproc.h>
#include <sys/sysctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"

namespace progeny::platform {
namespace {

constexpr size_t kLongestCommandLine = 4096;

absl::StatusOr<std::vector<kinfo_proc>> Query(int what, int which) {
  int name[] = {CTL_KERN, KERN_PROC, what, which};
  const u_int words = what == KERN_PROC_ALL ? 3 : 4;
  // The list may grow between the two calls.
  for (int attempt = 0; attempt < 8; ++attempt) {
    size_t bytes = 0;
    if (sysctl(name, words, nullptr, &bytes, nullptr, 0) != 0) break;
    std::vector<kinfo_proc> found(bytes / sizeof(kinfo_proc) + 16);
    bytes = found.size() * sizeof(kinfo_proc);
    if (sysctl(name, words, found.data(), &bytes, nullptr, 0) == 0) {
      found.resize(bytes / sizeof(kinfo_proc));
      return found;
    }
    if (errno != ENOMEM) break;
  }
  return LastOsError("list the processes", "");
}

bool HasEnded(const kinfo_proc& process) { return process.kp_proc.p_stat == SZOMB; }

ProcessEntry EntryFrom(const kinfo_proc& process) {
  const timeval start = process.kp_proc.p_starttime;
  const char* const name = process.kp_proc.p_comm;
  return ProcessEntry{.id = process.kp_proc.p_pid,
                      .parent_id = process.kp_eproc.e_ppid,
                      .start_time = static_cast<uint64_t>(start.tv_sec) * 1'000'000 +
                                    static_cast<uint64_t>(start.tv_usec),
                      .name = std::string(name, strnlen(name, sizeof process.kp_proc.p_comm)),
                      .resident = std::nullopt};
}

}  // namespace

absl::StatusOr<std::vector<ProcessEntry>> ListProcesses() {
  const absl::StatusOr<std::vector<kinfo_proc>> found = Query(KERN_PROC_ALL, 0);
  if (!found.ok()) return found.status();
  std::vector<ProcessEntry> entries;
  for (const kinfo_proc& process : *found) {
    if (!HasEnded(process)) entries.push_back(EntryFrom(process));
  }
  return entries;
}

absl::StatusOr<std::vector<int64_t>> ChildrenOf(int64_t) {
  return absl::UnimplementedError("find children: only the list of all processes tells them here");
}

absl::StatusOr<ProcessEntry> FindProcess(int64_t id) {
  if (id > 0 && id <= std::numeric_limits<pid_t>::max()) {
    const absl::StatusOr<std::vector<kinfo_proc>> found =
        Query(KERN_PROC_PID, static_cast<int>(id));
    if (!found.ok()) return found.status();
    if (!found->empty() && !HasEnded(found->front())) return EntryFrom(found->front());
  }
  return absl::NotFoundError(
      absl::StrCat("find process ", id, ": no such process, or it has ended"));
}

// The kernel gives: the number of arguments, the program's path, NULs, the arguments, the
// environment.
std::string CommandLineOf(int64_t id) {
  int name[] = {CTL_KERN, KERN_PROCARGS2, static_cast<int>(id)};
  size_t bytes = 0;
  if (sysctl(name, 3, nullptr, &bytes, nullptr, 0) != 0) return "";
  std::string block(bytes, '\0');
  if (sysctl(name, 3, block.data(), &bytes, nullptr, 0) != 0 || bytes < sizeof(int)) return "";
  block.resize(bytes);
  int count = 0;
  std::memcpy(&count, block.data(), sizeof count);
  size_t begin = block.find('\0', sizeof count);
  if (begin != std::string::npos) begin = block.find_first_not_of('\0', begin);
  if (begin == std::string::npos) return "";
  size_t end = begin;
  for (int argument = 0; argument < count && end < block.size(); ++argument) {
    end = std::min(block.find('\0', end), block.size() - 1) + 1;
  }
  std::string text = block.substr(begin, std::min(end - begin, kLongestCommandLine));
  std::replace(text.begin(), text.end(), '\0', ' ');
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

}  // namespace progeny::platform
