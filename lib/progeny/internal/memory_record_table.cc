#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "progeny/internal/memory_figures.h"
#include "progeny/internal/printable.h"
#include "progeny/memory_report.h"

namespace progeny {
namespace {

constexpr size_t kNameWidth = 34;
constexpr size_t kMostRows = 40;

std::string Mebibytes(std::optional<int64_t> bytes) {
  if (!bytes.has_value()) return "-";
  return absl::StrFormat("%.1f", static_cast<double>(*bytes) / (1 << 20));
}

std::string Figures(const MemoryUsage& usage) {
  std::string cells;
  for (const internal::MemoryFigure& figure : internal::kMemoryFigures) {
    absl::StrAppendFormat(&cells, " %12s", Mebibytes(usage.*figure.value));
  }
  return cells;
}

std::string Lived(const ProcessMemory& process) {
  return absl::StrFormat("%.1f-%.1f%s", absl::ToDoubleSeconds(process.first_seen),
                         absl::ToDoubleSeconds(process.last_seen), process.ended ? "" : "+");
}

// A lone name says less than the command line, without the folder; one that progeny has given says
// more.
std::string Label(const ProcessMemory& process) {
  if (!absl::StrContains(process.command, process.name)) return process.name;
  const size_t blank = std::min(process.command.find(' '), process.command.size());
  const size_t slash = process.command.rfind('/', blank);
  return process.command.substr(slash == std::string::npos ? 0 : slash + 1);
}

std::string Row(const ProcessMemory& process, size_t depth) {
  const std::string name = internal::Printable(
      absl::StrCat(std::string(std::min<size_t>(depth, 8) * 2, ' '), Label(process)), kNameWidth);
  return absl::StrFormat("%9d  %s %11s%s%s\n", process.id, name, Lived(process),
                         Figures(process.peak), process.readable ? "" : "  not permitted");
}

std::string Remark(const MemoryUsage& peak) {
  if (!peak.resident.has_value() || !peak.proportional.has_value()) return "";
  return absl::StrFormat(
      "Together they took %s MiB at most; the sum of what each has resident, %s MiB, counts what "
      "they share once for each.\n",
      Mebibytes(peak.proportional), Mebibytes(peak.resident));
}

}  // namespace

std::string MemoryRecord::ToTable() const {
  std::string text = absl::StrFormat(
      "%s\n%d processes, %.1f s, %d looks, %d full readings; highest figures in MiB\n\n%9s  %-*s "
      "%11s",
      internal::Printable(title, 200, internal::Padding::kNone),
      processes.size() + static_cast<size_t>(processes_not_kept), absl::ToDoubleSeconds(duration),
      looks, readings, "pid", static_cast<int>(kNameWidth), "process", "lived, s");
  for (const internal::MemoryFigure& figure : internal::kMemoryFigures) {
    absl::StrAppendFormat(&text, " %12s", figure.name);
  }
  text += "\n";
  absl::flat_hash_map<ProcessId, size_t> depths;
  for (size_t i = 0; i < processes.size(); ++i) {
    const auto parent = depths.find(processes[i].parent_id);
    const size_t depth = parent == depths.end() ? 0 : parent->second + 1;
    depths[processes[i].id] = depth;
    if (i < kMostRows) text += Row(processes[i], depth);
  }
  if (processes.size() > kMostRows || processes_not_kept > 0) {
    absl::StrAppendFormat(&text, "%9s  ... and %d more\n", "",
                          processes.size() - std::min(processes.size(), kMostRows) +
                              static_cast<size_t>(processes_not_kept));
  }
  absl::StrAppendFormat(&text, "%9s  %-*s %11s%s\n", "", static_cast<int>(kNameWidth),
                        "all, at one moment", "", Figures(peak));
  return absl::StrCat(text, Remark(peak));
}

}  // namespace progeny
