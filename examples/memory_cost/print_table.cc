#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "findings.h"
#include "print.h"

namespace memory_cost {
namespace {

std::string Mebibytes(int64_t bytes) { return absl::StrFormat("%.1f", bytes / 1048576.0); }

std::string Mebibytes(std::optional<int64_t> bytes) { return bytes ? Mebibytes(*bytes) : "?"; }

std::string Line(const Row& row) {
  const std::string access = row.what.access == Access::kNone
                                 ? "-"
                                 : absl::StrFormat("%.0f", absl::ToDoubleMilliseconds(row.access));
  return absl::StrFormat("%-10s %-11s %-17s %9.2f %7s %10s %9s %13s %8s %8s %12s\n",
                         progeny::Name(row.what.start_method), Name(row.what.passing),
                         Name(row.what.access), absl::ToDoubleMilliseconds(row.start), access,
                         Mebibytes(row.numbers_seen * static_cast<int64_t>(sizeof(int64_t))),
                         Mebibytes(row.each.resident), Mebibytes(row.each.proportional), Mebibytes(row.each.unique),
                         Mebibytes(row.each.copied), Mebibytes(row.available_drop));
}

std::string Reduced(const Report& report) {
  if (report.table_bytes == report.requested_bytes) return "";
  return absl::StrFormat(
      "The table was reduced from %s to %s MiB: with every child holding a copy, more would not "
      "fit into the %s MiB of "
      "memory available.\n",
      Mebibytes(report.requested_bytes), Mebibytes(report.table_bytes), Mebibytes(report.system.available));
}

}  // namespace

std::string AsTable(const Report& report) {
  std::string text = absl::StrFormat(
      "A parent with a table of %s MiB starts %d children in each case. Times in ms, sizes in MiB, "
      "of one child\n"
      "(median); the last column is how far the available memory of the whole system fell.\n",
      Mebibytes(report.table_bytes), report.children);
  absl::StrAppend(&text, Reduced(report), "\n",
                  absl::StrFormat("%-10s %-11s %-17s %9s %7s %10s %9s %13s %8s %8s %12s\n", "start",
                                  "the table", "the children", "start", "work", "their", "resident",
                                  "proportional", "unique", "copied", "system's"));
  absl::StrAppend(&text,
                  absl::StrFormat("%-10s %-11s %-17s %9s %7s %10s %9s %13s %8s %8s %12s\n", "method",
                                  "is", "", "ms", "ms", "table", "", "", "", "", "available"));
  for (const Row& row : report.rows) absl::StrAppend(&text, Line(row));
  absl::StrAppend(&text, "\n");
  for (const std::string& finding : Findings(report)) absl::StrAppend(&text, "* ", finding, "\n");
  return text;
}

}  // namespace memory_cost
