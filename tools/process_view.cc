#include "process_view.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace progeny_tool {
namespace {

using progeny::internal::JsonMembers;
using progeny::internal::JsonNumber;
using progeny::internal::JsonObject;
using progeny::internal::JsonString;
using progeny::internal::Padding;
using progeny::internal::Printable;
using progeny::internal::ProcessEntry;

constexpr size_t kDeepest = 12;

std::string Mebibytes(std::optional<int64_t> bytes) {
  if (!bytes.has_value()) return "-";
  return absl::StrFormat("%.1f", static_cast<double>(*bytes) / (1 << 20));
}

// Depth first; a process whose parent isn't there begins a tree. What is left over by then goes in
// a circle, which only a number given away twice can make: it is left out.
std::vector<Row> AsTree(std::vector<ProcessEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const ProcessEntry& a, const ProcessEntry& b) { return a.id < b.id; });
  absl::flat_hash_set<int64_t> ids;
  for (const ProcessEntry& entry : entries) ids.insert(entry.id);
  absl::flat_hash_map<int64_t, std::vector<ProcessEntry*>> children;
  std::vector<std::pair<ProcessEntry*, size_t>> to_visit;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (ids.contains(entry->parent_id) && entry->parent_id != entry->id) {
      children[entry->parent_id].push_back(&*entry);
    } else {
      to_visit.emplace_back(&*entry, 0);
    }
  }
  std::vector<Row> rows;
  while (!to_visit.empty()) {
    const auto [entry, depth] = to_visit.back();
    to_visit.pop_back();
    for (ProcessEntry* child : children[entry->id]) to_visit.emplace_back(child, depth + 1);
    rows.push_back({.entry = std::move(*entry), .command = "", .depth = depth, .usage = {}});
  }
  return rows;
}

}  // namespace

ProcessView::ProcessView(std::optional<progeny::ProcessId> root) {
  if (root.has_value()) family_.emplace(*root);
}

absl::Status ProcessView::Look() {
  absl::StatusOr<std::vector<ProcessEntry>> entries =
      family_.has_value() ? family_->Look() : progeny::internal::ListProcesses();
  if (!entries.ok()) return entries.status();
  if (family_.has_value() && !family_->root_runs()) {
    return absl::NotFoundError("the process has ended");
  }
  rows_ = AsTree(*std::move(entries));
  return absl::OkStatus();
}

void ProcessView::Read(size_t first, size_t count) {
  const size_t end = std::min(rows_.size(), first + std::min(count, rows_.size()));
  for (size_t i = first; i < end; ++i) {
    Row& row = rows_[i];
    row.command = progeny::internal::CommandLineOf(row.entry.id);
    row.usage = progeny::GetMemoryUsage(row.entry.id)
                    .value_or(progeny::MemoryUsage{.resident = row.entry.resident});
  }
}

std::string ProcessView::Heading(size_t columns) {
  return Printable(absl::StrFormat("%8s %10s %12s %10s %10s  %s", "pid", "resident", "proportional",
                                   "unique", "copied", "process (MiB)"),
                   columns, Padding::kRight);
}

std::string ProcessView::Line(size_t index, size_t columns) const {
  const Row& row = rows_[index];
  const bool says_more = absl::StrContains(row.command, row.entry.name);
  const std::string label = absl::StrCat(std::string(2 * std::min(row.depth, kDeepest), ' '),
                                         says_more ? row.command : row.entry.name);
  return Printable(absl::StrFormat("%8d %10s %12s %10s %10s  %s", row.entry.id,
                                   Mebibytes(row.usage.resident), Mebibytes(row.usage.proportional),
                                   Mebibytes(row.usage.unique), Mebibytes(row.usage.copied), label),
                   columns, Padding::kNone);
}

std::string ProcessView::ToJson() const {
  std::vector<std::string> processes;
  for (const Row& row : rows_) {
    processes.push_back(JsonObject({{"id", absl::StrCat(row.entry.id)},
                                    {"parent", absl::StrCat(row.entry.parent_id)},
                                    {"depth", absl::StrCat(row.depth)},
                                    {"name", JsonString(row.entry.name)},
                                    {"command", JsonString(row.command)},
                                    {"resident", JsonNumber(row.usage.resident)},
                                    {"proportional", JsonNumber(row.usage.proportional)},
                                    {"unique", JsonNumber(row.usage.unique)},
                                    {"shared", JsonNumber(row.usage.shared)},
                                    {"copied", JsonNumber(row.usage.copied)},
                                    {"swapped", JsonNumber(row.usage.swapped)}}));
  }
  const std::string now = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
  return absl::StrCat(JsonObject({{"system", JsonString(progeny::internal::SystemName())},
                                  {"at", JsonString(now)},
                                  {"processes", progeny::internal::JsonArray(processes, "\n    ")}},
                                 "\n  "),
                      "\n");
}

}  // namespace progeny_tool
