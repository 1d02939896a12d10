#include "platform/linux/smaps.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/error.h"
#include "platform/linux/proc_file.h"

namespace progeny::platform {
namespace {

// "   1672 kB" -> 1712128
std::optional<int64_t> ParseKilobytes(absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  int64_t kilobytes = 0;
  if (!absl::ConsumeSuffix(&value, " kB") || !absl::SimpleAtoi(value, &kilobytes)) {
    return std::nullopt;
  }
  if (kilobytes < 0 || kilobytes > std::numeric_limits<int64_t>::max() / 1024) return std::nullopt;
  return kilobytes * 1024;
}

absl::Status Ended(int64_t process_id) {
  return absl::NotFoundError(absl::StrCat("read memory usage of process ", process_id,
                                          ": no such process, or it has ended"));
}

absl::Status NotPermitted(const absl::Status& cause, int64_t process_id) {
  const absl::Status status = OsError(OsErrorCodeOf(cause).value_or(EACCES),
                                      "read memory usage of process", absl::StrCat(process_id));
  return WithNextStep(status, "ask as the user it runs as, or with CAP_SYS_PTRACE");
}

// A process that has ended keeps its number until it is joined, but has no memory any more: its
// files are then empty, or reading them says ESRCH.
bool HasEnded(const std::string& directory) {
  const absl::StatusOr<std::string> stat = ReadWholeFile(directory + "/stat");
  if (!stat.ok()) return true;
  // "17 (any) name) Z 1 ...": the name may hold anything, so the last ')' counts.
  const size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat->size()) return false;
  const char state = (*stat)[name_end + 2];
  return state == 'Z' || state == 'X' || state == 'x';
}

std::optional<int64_t> ResidentFromStatm(const std::string& directory) {
  const absl::StatusOr<std::string> statm = ReadWholeFile(directory + "/statm");
  if (!statm.ok()) return std::nullopt;
  const std::vector<absl::string_view> words = absl::StrSplit(*statm, ' ');
  int64_t pages = 0;
  if (words.size() < 2 || !absl::SimpleAtoi(words[1], &pages) || pages <= 0) return std::nullopt;
  return pages * sysconf(_SC_PAGESIZE);
}

}  // namespace

void SmapsSum::Field::AddKilobytes(absl::string_view value) {
  const std::optional<int64_t> more = ParseKilobytes(value);
  seen = true;
  if (!more.has_value() || bytes > std::numeric_limits<int64_t>::max() - *more) {
    malformed = true;
  } else {
    bytes += *more;
  }
}

std::optional<int64_t> SmapsSum::Field::get() const {
  if (!seen || malformed) return std::nullopt;
  return bytes;
}

SmapsSum::Field* SmapsSum::Find(absl::string_view name) {
  const std::pair<absl::string_view, Field*> fields[] = {
      {"Rss", &rss_},
      {"Pss", &pss_},
      {"Private_Clean", &private_clean_},
      {"Private_Dirty", &private_dirty_},
      {"Swap", &swap_},
      {"SwapPss", &swap_pss_},
  };
  for (const auto& [known, field] : fields) {
    if (known == name) return field;
  }
  return nullptr;
}

void SmapsSum::AddLine(absl::string_view line) {
  // A line about a mapping starts with its address, so no file name can look like a field.
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return;
  Field* const field = Find(line.substr(0, colon));
  if (field != nullptr) field->AddKilobytes(line.substr(colon + 1));
}

void SmapsSum::Add(absl::string_view piece) {
  while (!piece.empty()) {
    const size_t newline = piece.find('\n');
    const absl::string_view part = piece.substr(0, newline);
    if (newline != absl::string_view::npos && line_size_ == 0) {
      AddLine(part);
    } else {
      const size_t kept = std::min(part.size(), sizeof line_ - line_size_);
      std::memcpy(line_ + line_size_, part.data(), kept);
      line_size_ += kept;
      if (newline != absl::string_view::npos) {
        AddLine(absl::string_view(line_, line_size_));
        line_size_ = 0;
      }
    }
    if (newline == absl::string_view::npos) return;
    piece.remove_prefix(newline + 1);
  }
}

MemoryUsage SmapsSum::Usage() const {
  MemoryUsage usage;
  usage.resident = rss_.get();
  usage.proportional = pss_.get();
  usage.copied = private_dirty_.get();
  usage.swapped = swap_pss_.seen ? swap_pss_.get() : swap_.get();
  if (private_clean_.get().has_value() && usage.copied.has_value()) {
    usage.unique = *private_clean_.get() + *usage.copied;
  }
  if (usage.resident.has_value() && usage.unique.has_value()) {
    usage.shared = std::max<int64_t>(0, *usage.resident - *usage.unique);
  }
  return usage;
}

absl::StatusOr<MemoryUsage> ReadMemoryUsage(const std::string& directory, int64_t process_id) {
  for (const char* name : {"/smaps_rollup", "/smaps"}) {
    SmapsSum sum;
    const absl::Status status =
        ReadInPieces(directory + name, [&sum](absl::string_view piece) { sum.Add(piece); });
    if (absl::IsPermissionDenied(status)) return NotPermitted(status, process_id);
    if (!status.ok()) continue;
    const MemoryUsage usage = sum.Usage();
    if (usage.resident.has_value()) return usage;
  }
  if (HasEnded(directory)) return Ended(process_id);
  MemoryUsage usage;
  usage.resident = ResidentFromStatm(directory);
  if (usage.resident.has_value()) return usage;
  // It ended between two looks, or is a thread of the kernel's, which has no memory of its own.
  return Ended(process_id);
}

absl::StatusOr<SystemMemory> ParseMeminfo(absl::string_view text) {
  std::optional<int64_t> total, available;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "MemTotal:")) total = ParseKilobytes(line);
    if (absl::ConsumePrefix(&line, "MemAvailable:")) available = ParseKilobytes(line);
  }
  if (!total.has_value() || !available.has_value()) {
    return absl::UnimplementedError(
        absl::StrCat("read the system's memory: /proc/meminfo has no ",
                     total.has_value() ? "MemAvailable" : "MemTotal", " (needs Linux 3.14)"));
  }
  return SystemMemory{.total = *total, .available = *available};
}

}  // namespace progeny::platform
