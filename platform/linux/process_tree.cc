#include "platform/posix/process_tree.h"

#include <dirent.h>

#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/linux/proc_file.h"

namespace progeny::platform {
namespace {

struct Stat {
  char state = 'X';  // dead, if there is no such process
  pid_t parent = 0;
};

// "17 (any) name) S 1 ...": the name may hold anything, so the last ')' counts.
Stat StatOf(pid_t process) {
  Stat result;
  const absl::StatusOr<std::string> text = ReadWholeFile(absl::StrCat("/proc/", process, "/stat"));
  if (!text.ok()) return result;
  const size_t name_end = text->rfind(')');
  if (name_end == std::string::npos || name_end + 4 > text->size()) return result;
  result.state = (*text)[name_end + 2];
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::string_view(*text).substr(name_end + 4), absl::MaxSplits(' ', 1));
  if (!absl::SimpleAtoi(words[0], &result.parent)) result.parent = 0;
  return result;
}

}  // namespace

// Stopped, by a signal or a tracer; a zombie; dead.
bool StandsStill(pid_t process) {
  return absl::string_view("TtZXx").find(StatOf(process).state) != absl::string_view::npos;
}

std::vector<ProcessSeen> SeeProcesses() {
  std::vector<ProcessSeen> seen;
  const std::unique_ptr<DIR, int (*)(DIR*)> all(opendir("/proc"), &closedir);
  if (all == nullptr) return seen;
  while (const dirent* entry = readdir(all.get())) {
    pid_t id = 0;
    if (absl::SimpleAtoi(entry->d_name, &id)) seen.push_back({id, StatOf(id).parent});
  }
  return seen;
}

}  // namespace progeny::platform
