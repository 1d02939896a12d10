#include "experiment.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "participant.h"

namespace memory_cost {
namespace {

template <class T>
T Median(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

using Figure = std::optional<int64_t> progeny::MemoryUsage::*;

// Absent if one child's is: a median over some of them would be another figure.
std::optional<int64_t> MedianOf(const std::vector<progeny::MemoryUsage>& usages, Figure figure) {
  std::vector<int64_t> values;
  for (const progeny::MemoryUsage& usage : usages) {
    if (!(usage.*figure)) return std::nullopt;
    values.push_back(*(usage.*figure));
  }
  return Median(std::move(values));
}

progeny::MemoryUsage Medians(const std::vector<progeny::MemoryUsage>& usages) {
  progeny::MemoryUsage result;
  for (Figure figure : {&progeny::MemoryUsage::resident, &progeny::MemoryUsage::proportional,
                        &progeny::MemoryUsage::unique, &progeny::MemoryUsage::shared,
                        &progeny::MemoryUsage::copied, &progeny::MemoryUsage::swapped}) {
    result.*figure = MedianOf(usages, figure);
  }
  return result;
}

std::vector<Case> CasesOf(progeny::StartMethod method) {
  if (method == progeny::StartMethod::kFork) {
    return {{method, Passing::kInherited, Access::kNone},
            {method, Passing::kInherited, Access::kRead},
            {method, Passing::kInherited, Access::kWrite}};
  }
  return {{method, Passing::kNotPassed, Access::kNone},
          {method, Passing::kByValue, Access::kRead},
          {method, Passing::kByValue, Access::kWrite}};
}

std::vector<Case> CowCasesOf(progeny::StartMethod method) {
  return {{method, Passing::kInCow, Access::kNone},
          {method, Passing::kInCow, Access::kRead},
          {method, Passing::kInCow, Access::kWriteTenth},
          {method, Passing::kInCow, Access::kWrite}};
}

absl::StatusOr<Row> Summary(const Case& what, const std::vector<Participant>& participants) {
  Row row{.what = what};
  std::vector<absl::Duration> starts, accesses;
  std::vector<progeny::MemoryUsage> usages;
  for (const Participant& participant : participants) {
    absl::StatusOr<progeny::MemoryUsage> usage = participant.Memory();
    if (!usage.ok()) return usage.status();
    usages.push_back(*usage);
    starts.push_back(participant.start());
    accesses.push_back(participant.access());
  }
  row.numbers_seen = participants.front().numbers_seen();
  row.start = Median(std::move(starts));
  row.access = Median(std::move(accesses));
  row.each = Medians(usages);
  return row;
}

// One child works at a time, so that none waits for another's page faults.
absl::StatusOr<Row> Measure(const Case& what, int children, int64_t expected_sum) {
  absl::StatusOr<progeny::SystemMemory> before = progeny::GetSystemMemory();
  if (!before.ok()) return before.status();
  std::vector<Participant> participants;
  for (int i = 0; i < children; ++i) {
    absl::StatusOr<Participant> participant = Participant::Start(what);
    if (!participant.ok()) return participant.status();
    participants.push_back(*std::move(participant));
  }
  for (Participant& participant : participants) {
    absl::Status worked = participant.DoWork(expected_sum);
    if (!worked.ok()) return worked;
  }
  absl::StatusOr<progeny::SystemMemory> after = progeny::GetSystemMemory();
  if (!after.ok()) return after.status();
  absl::StatusOr<Row> row = Summary(what, participants);
  if (row.ok()) row->available_drop = before->available - after->available;
  return row;
}

absl::Status MeasureAll(std::vector<Case> (*cases)(progeny::StartMethod), int64_t sum, Report& report) {
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    for (const Case& what : cases(method)) {
      absl::StatusOr<Row> row = Measure(what, report.children, sum);
      if (!row.ok()) return row.status();
      report.rows.push_back(*std::move(row));
    }
  }
  return absl::OkStatus();
}

template <class Numbers>
int64_t Fill(Numbers& numbers, int64_t bytes) {
  numbers.resize(static_cast<size_t>(bytes) / sizeof(int64_t));
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i % 1000);
  return std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
}

absl::Status MeasureOwnTable(Report& report) {
  Table& table = OwnTable();
  absl::Cleanup free_table = [&table] { Table().swap(table); };
  const int64_t sum = Fill(table, report.table_bytes);
  return MeasureAll(&CasesOf, sum, report);
}

absl::Status MeasureTableInCow(Report& report) {
  int64_t sum = 0;
  absl::StatusOr<TableInCow> table = progeny::MakeCow<std::pmr::vector<int64_t>>(
      [&](std::pmr::vector<int64_t>& numbers) { sum = Fill(numbers, report.table_bytes); });
  if (!table.ok()) return table.status();
  OwnTableInCow() = *std::move(table);
  absl::Cleanup free_table = [] { OwnTableInCow() = {}; };
  return MeasureAll(&CowCasesOf, sum, report);
}

}  // namespace

absl::string_view Name(Passing passing) {
  switch (passing) {
    case Passing::kInherited:
      return "inherited";
    case Passing::kNotPassed:
      return "not passed";
    case Passing::kByValue:
      return "by value";
    case Passing::kInCow:
      return "in a Cow";
  }
  return "unknown";
}

absl::string_view Name(Access access) {
  switch (access) {
    case Access::kNone:
      return "only exist";
    case Access::kRead:
      return "read all";
    case Access::kWrite:
      return "write every page";
    case Access::kWriteTenth:
      return "write 10 %";
  }
  return "unknown";
}

int64_t FittingTable(int64_t requested, int children, int64_t available) {
  // The parent's table and a copy in each child; while one is being passed by value it exists three
  // times more: as bytes, on the way, and unpacked. A fifth of the memory is left to the others.
  const int64_t fitting = available / 5 * 4 / (children + 4);
  constexpr int64_t kMiB = int64_t{1} << 20;
  return std::min(requested, std::max(fitting / kMiB, int64_t{1}) * kMiB);
}

absl::StatusOr<Report> RunExperiment(int64_t table_bytes, int children) {
  absl::StatusOr<progeny::SystemMemory> system = progeny::GetSystemMemory();
  if (!system.ok()) return system.status();
  Report report{.requested_bytes = table_bytes, .children = children, .system = *system};
  report.table_bytes = FittingTable(table_bytes, children, system->available);

  if (absl::Status measured = MeasureOwnTable(report); !measured.ok()) return measured;
  if (absl::Status measured = MeasureTableInCow(report); !measured.ok()) return measured;
  std::stable_sort(report.rows.begin(), report.rows.end(), [](const Row& a, const Row& b) {
    return a.what.start_method < b.what.start_method;
  });
  return report;
}

}  // namespace memory_cost
