#include "findings.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace memory_cost {
namespace {

using progeny::StartMethod;

const Row* Find(const Report& report, Passing passing, Access access) {
  for (const Row& row : report.rows) {
    if (row.what.passing == passing && row.what.access == access) return &row;
  }
  return nullptr;
}

std::string Mib(int64_t bytes) { return absl::StrFormat("%.1f MiB", bytes / 1048576.0); }

double Percent(int64_t bytes, int64_t of) { return 100.0 * bytes / of; }

std::string Conclusion(double read_percent, double write_percent) {
  if (read_percent < 10 && write_percent > 90)
    return "fork shares the table until somebody writes to it";
  if (read_percent > 90) return "here even reading copies the table";
  return "something else than writing costs memory here";
}

std::string ResidentMisleads(const Report& report, const Row& idle) {
  return absl::StrFormat(
      "A forked child that only exists shows %s resident, of which %s are its own. %d of them "
      "would seem to take "
      "%s; the system's available memory fell by %s.",
      Mib(*idle.each.resident), Mib(*idle.each.unique), report.children,
      Mib(*idle.each.resident * report.children), Mib(idle.available_drop));
}

std::string ForkCopiesOnWrite(const Report& report, const Row& read, const Row& write) {
  const double after_read = Percent(*read.each.unique, report.table_bytes);
  const double after_write = Percent(*write.each.unique, report.table_bytes);
  return absl::StrFormat(
      "Having read all of the table, a forked child has memory of its own for %.1f %% of it, "
      "having written to every "
      "page for %.1f %%: %s.",
      after_read, after_write, Conclusion(after_read, after_write));
}

std::string SpawnHasNothing(const Report& report, const Row& idle) {
  const int64_t numbers = report.table_bytes / static_cast<int64_t>(sizeof(int64_t));
  return absl::StrFormat(
      "A spawned child that is not passed the table finds %d of its %d numbers and has %s "
      "resident: what the parent "
      "builds behind its main guard %s.",
      idle.numbers_seen, numbers, Mib(*idle.each.resident),
      idle.numbers_seen == 0 ? "is not there" : "is there all the same");
}

std::string ByValueIsACopy(const Report& report, const Row& read, const Row& write) {
  const std::string figures = absl::StrFormat(
      "%s of its own when it reads it, %s when it writes to it, and takes %.0f ms to start",
      Mib(*read.each.unique), Mib(*write.each.unique), absl::ToDoubleMilliseconds(read.start));
  const bool copy = Percent(*read.each.unique, report.table_bytes) > 90;
  return absl::StrCat("Passed the table by value, a spawned child has ", figures,
                      copy ? ": a value is a copy from the start." : ".");
}

// The dearest of the start methods.
std::string InCowIsShared(const Report& report, const Row& read, const Row& tenth) {
  return absl::StrFormat(
      "Passed the table in a Cow, a child has read all of it with %s of its own (%s), and having written to "
      "a tenth of its pages for %.1f %% of it: copy-on-write by every start method.",
      Mib(*read.each.unique), progeny::Name(read.what.start_method),
      Percent(*tenth.each.unique, report.table_bytes));
}

const Row* Dearest(const Report& report, Access access) {
  const Row* dearest = nullptr;
  for (const Row& row : report.rows) {
    if (row.what.passing != Passing::kInCow || row.what.access != access || !row.each.unique) continue;
    if (dearest == nullptr || *row.each.unique > *dearest->each.unique) dearest = &row;
  }
  return dearest;
}

}  // namespace

std::vector<std::string> Findings(const Report& report) {
  std::vector<std::string> findings;
  const auto has_unique = [](const Row* row) {
    return row != nullptr && row->each.unique.has_value();
  };
  const Row* idle = Find(report, Passing::kInherited, Access::kNone);
  const Row* read = Find(report, Passing::kInherited, Access::kRead);
  const Row* write = Find(report, Passing::kInherited, Access::kWrite);
  if (has_unique(idle) && idle->each.resident) findings.push_back(ResidentMisleads(report, *idle));
  if (has_unique(read) && has_unique(write))
    findings.push_back(ForkCopiesOnWrite(report, *read, *write));

  const Row* spawned = Find(report, Passing::kNotPassed, Access::kNone);
  const Row* passed_read = Find(report, Passing::kByValue, Access::kRead);
  const Row* passed_write = Find(report, Passing::kByValue, Access::kWrite);
  if (spawned != nullptr && spawned->each.resident)
    findings.push_back(SpawnHasNothing(report, *spawned));
  if (has_unique(passed_read) && has_unique(passed_write)) {
    findings.push_back(ByValueIsACopy(report, *passed_read, *passed_write));
  }
  const Row* cow_read = Dearest(report, Access::kRead);
  const Row* cow_tenth = Dearest(report, Access::kWriteTenth);
  if (cow_read != nullptr && cow_tenth != nullptr) {
    findings.push_back(InCowIsShared(report, *cow_read, *cow_tenth));
  }
  return findings;
}

}  // namespace memory_cost
