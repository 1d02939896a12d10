#include "platform/process_table.h"

#include <dirent.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/error.h"
#include "platform/linux/proc_file.h"

namespace progeny::platform {
namespace {

constexpr size_t kLongestCommandLine = 4096;

// "17 (any) name) S 1 17 17 0 -1 ... ": the name may hold anything, so the last ')' counts. After it
// come the state (field 3), the parent (4), and the start time (22).
std::optional<ProcessEntry> ParseStat(absl::string_view stat) {
  const size_t name_begin = stat.find('(');
  const size_t name_end = stat.rfind(')');
  if (name_begin == stat.npos || name_end == stat.npos || name_end < name_begin) return std::nullopt;
  ProcessEntry entry;
  entry.name = std::string(stat.substr(name_begin + 1, name_end - name_begin - 1));
  const std::vector<absl::string_view> fields =
      absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipWhitespace());
  constexpr size_t kState = 0, kParent = 1, kStartTime = 19;
  if (fields.size() <= kStartTime || fields[kState] == "Z" || fields[kState] == "X" ||
      !absl::SimpleAtoi(stat.substr(0, name_begin), &entry.id) ||
      !absl::SimpleAtoi(fields[kParent], &entry.parent_id) ||
      !absl::SimpleAtoi(fields[kStartTime], &entry.start_time)) {
    return std::nullopt;
  }
  return entry;
}

std::optional<ProcessEntry> EntryOf(absl::string_view id) {
  const absl::StatusOr<std::string> stat = ReadWholeFile(absl::StrCat("/proc/", id, "/stat"));
  return stat.ok() ? ParseStat(*stat) : std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<ProcessEntry>> ListProcesses() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc"), &closedir);
  if (directory == nullptr) return LastOsError("list the processes in", "/proc");
  std::vector<ProcessEntry> entries;
  while (const dirent* file = readdir(directory.get())) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(file->d_name[0]))) continue;
    std::optional<ProcessEntry> entry = EntryOf(file->d_name);
    if (entry.has_value()) entries.push_back(*std::move(entry));
  }
  if (entries.empty()) {
    return absl::NotFoundError("list the processes: /proc shows none; mount it");
  }
  return entries;
}

absl::StatusOr<ProcessEntry> FindProcess(int64_t id) {
  std::optional<ProcessEntry> entry;
  if (id > 0) entry = EntryOf(absl::StrCat(id));
  if (entry.has_value()) return *std::move(entry);
  return absl::NotFoundError(
      absl::StrCat("find process ", id, ": no such process, or it has ended"));
}

std::string CommandLineOf(int64_t id) {
  std::string text;
  const absl::Status status =
      ReadInPieces(absl::StrCat("/proc/", id, "/cmdline"), [&text](absl::string_view piece) {
        text.append(piece.substr(0, kLongestCommandLine - std::min(kLongestCommandLine, text.size())));
      });
  if (!status.ok()) return "";
  std::replace(text.begin(), text.end(), '\0', ' ');
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

}  // namespace progeny::platform
