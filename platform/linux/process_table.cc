#include "platform/process_table.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
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

// "17 (any) name) S 1 17 17 0 -1 ... ": the name may hold anything, so the last ')' counts. After
// it come the state (field 3), the parent (4), the start time (22), and the resident pages (24).
std::optional<ProcessEntry> ParseStat(absl::string_view stat) {
  const size_t name_begin = stat.find('(');
  const size_t name_end = stat.rfind(')');
  if (name_begin == stat.npos || name_end == stat.npos || name_end < name_begin)
    return std::nullopt;
  ProcessEntry entry;
  entry.name = std::string(stat.substr(name_begin + 1, name_end - name_begin - 1));
  const std::vector<absl::string_view> fields =
      absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipWhitespace());
  constexpr size_t kState = 0, kParent = 1, kStartTime = 19, kResident = 21;
  int64_t pages = 0;
  if (fields.size() <= kResident || fields[kState] == "Z" || fields[kState] == "X" ||
      !absl::SimpleAtoi(stat.substr(0, name_begin), &entry.id) ||
      !absl::SimpleAtoi(fields[kParent], &entry.parent_id) ||
      !absl::SimpleAtoi(fields[kStartTime], &entry.start_time)) {
    return std::nullopt;
  }
  if (absl::SimpleAtoi(fields[kResident], &pages)) entry.resident = pages * sysconf(_SC_PAGESIZE);
  return entry;
}

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

// Calls back with each number among the names in a directory.
bool ForEachNumber(const std::string& path, absl::FunctionRef<void(absl::string_view)> take) {
  const Directory directory(opendir(path.c_str()), &closedir);
  if (directory == nullptr) return false;
  while (const dirent* file = readdir(directory.get())) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(file->d_name[0]))) take(file->d_name);
  }
  return true;
}

std::optional<ProcessEntry> EntryOf(absl::string_view id) {
  const absl::StatusOr<std::string> stat = ReadWholeFile(absl::StrCat("/proc/", id, "/stat"));
  return stat.ok() ? ParseStat(*stat) : std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<ProcessEntry>> ListProcesses() {
  std::vector<ProcessEntry> entries;
  const bool read = ForEachNumber("/proc", [&entries](absl::string_view id) {
    std::optional<ProcessEntry> entry = EntryOf(id);
    if (entry.has_value()) entries.push_back(*std::move(entry));
  });
  if (!read) return LastOsError("list the processes in", "/proc");
  if (!entries.empty()) return entries;
  return absl::NotFoundError("list the processes: /proc shows none; mount it");
}

// Per thread, as each is the parent of what it has started. Needs a kernel that was built with it.
absl::StatusOr<std::vector<int64_t>> ChildrenOf(int64_t id) {
  std::vector<int64_t> children;
  bool told = false;
  const std::string tasks = absl::StrCat("/proc/", id, "/task/");
  const bool read = ForEachNumber(tasks, [&](absl::string_view thread) {
    const absl::StatusOr<std::string> text =
        ReadWholeFile(absl::StrCat(tasks, thread, "/children"));
    if (!text.ok()) return;
    told = true;
    for (const absl::string_view word : absl::StrSplit(*text, ' ', absl::SkipWhitespace())) {
      int64_t child = 0;
      if (absl::SimpleAtoi(word, &child)) children.push_back(child);
    }
  });
  if (told) return children;
  if (!read) {
    return absl::NotFoundError(
        absl::StrCat("find the children of process ", id, ": no such process, or it has ended"));
  }
  return absl::UnimplementedError(
      "find children: this kernel was built without CONFIG_PROC_CHILDREN");
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
        text.append(
            piece.substr(0, kLongestCommandLine - std::min(kLongestCommandLine, text.size())));
      });
  if (!status.ok()) return "";
  std::replace(text.begin(), text.end(), '\0', ' ');
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

}  // namespace progeny::platform
