#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "findings.h"
#include "print.h"

namespace memory_cost {
namespace {

// Our texts are plain: quotes and backslashes are all that could stand in the way.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (char letter : text) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += absl::ascii_iscntrl(static_cast<unsigned char>(letter)) ? ' ' : letter;
  }
  return quoted + "\"";
}

std::string Number(std::optional<int64_t> number) {
  return number ? absl::StrCat(*number) : "null";
}

using Fields = std::vector<std::pair<absl::string_view, std::string>>;

std::string Object(const Fields& fields, absl::string_view between) {
  const auto format = [](std::string* out, const auto& field) {
    absl::StrAppend(out, Quoted(field.first), ": ", field.second);
  };
  return absl::StrCat("{", absl::StrJoin(fields, between, format), "}");
}

std::string RowObject(const Row& row) {
  const Fields fields = {
      {"start_method", Quoted(progeny::Name(row.what.start_method))},
      {"table", Quoted(Name(row.what.passing))},
      {"children", Quoted(Name(row.what.access))},
      {"start_us", absl::StrCat(absl::ToInt64Microseconds(row.start))},
      {"access_us", row.what.access == Access::kNone
                        ? "null"
                        : absl::StrCat(absl::ToInt64Microseconds(row.access))},
      {"table_seen", absl::StrCat(row.numbers_seen * static_cast<int64_t>(sizeof(int64_t)))},
      {"resident", Number(row.each.resident)},
      {"proportional", Number(row.each.proportional)},
      {"unique", Number(row.each.unique)},
      {"copied", Number(row.each.copied)},
      {"available_drop", absl::StrCat(row.available_drop)}};
  return absl::StrCat("    ", Object(fields, ", "));
}

}  // namespace

std::string AsJson(const Report& report) {
  std::vector<std::string> rows, findings;
  for (const Row& row : report.rows) rows.push_back(RowObject(row));
  for (const std::string& finding : Findings(report))
    findings.push_back(absl::StrCat("    ", Quoted(finding)));
  const Fields fields = {
      {"requested_bytes", absl::StrCat(report.requested_bytes)},
      {"table_bytes", absl::StrCat(report.table_bytes)},
      {"reduced", report.table_bytes < report.requested_bytes ? "true" : "false"},
      {"children", absl::StrCat(report.children)},
      {"system_total", absl::StrCat(report.system.total)},
      {"system_available", absl::StrCat(report.system.available)},
      {"rows", absl::StrCat("[\n", absl::StrJoin(rows, ",\n"), "\n  ]")},
      {"findings", absl::StrCat("[\n", absl::StrJoin(findings, ",\n"), "\n  ]")}};
  return absl::StrCat(Object(fields, ",\n  "), "\n");
}

}  // namespace memory_cost
