#include "progeny/internal/memory_recorder.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "progeny/internal/memory_figures.h"

namespace progeny::internal {
namespace {

constexpr size_t kMostProcesses = 500;
constexpr size_t kMostMarks = 1000;
// Ids of processes beyond them are remembered so that each is counted once; a bound for these too.
constexpr size_t kMostNotKept = 100'000;

}  // namespace

void MemoryRecorder::SetCommand(ProcessId id, uint64_t start_time, std::string command) {
  const auto row = rows_.find({id, start_time});
  if (row != rows_.end()) record_.processes[row->second].command = std::move(command);
}

ProcessMemory* MemoryRecorder::RowOf(absl::Duration at, const MemoryReading& reading) {
  const std::pair<ProcessId, uint64_t> key(reading.id, reading.start_time);
  const auto known = rows_.find(key);
  if (known != rows_.end()) return &record_.processes[known->second];
  if (record_.processes.size() >= kMostProcesses) {
    if (not_kept_.size() < kMostNotKept && not_kept_.insert({key, true}).second) {
      ++record_.processes_not_kept;
    }
    return nullptr;
  }
  rows_[key] = record_.processes.size();
  ProcessMemory& row = record_.processes.emplace_back();
  row.id = reading.id;
  row.parent_id = reading.parent_id;
  row.first_seen = at;
  return &row;
}

void MemoryRecorder::Add(absl::Duration at, const std::vector<MemoryReading>& readings) {
  MemoryUsage sum = NoMemory();
  for (ProcessMemory& row : record_.processes) row.ended = true;
  for (const MemoryReading& reading : readings) {
    AddTo(sum, reading.usage.value_or(MemoryUsage()));
    ProcessMemory* const row = RowOf(at, reading);
    if (row == nullptr) continue;
    row->ended = false;
    row->last_seen = at;
    row->name = reading.name;  // a program that was exec'ed has another one
    row->readable = reading.usage.has_value();
    if (reading.usage.has_value()) RaiseTo(row->peak, *reading.usage);
  }
  RaiseTo(record_.peak, sum);
  ++record_.readings;
  Keep(at, sum, readings);
  while (figures_ > max_figures_ && record_.total.size() > 2) Thin();
}

void MemoryRecorder::Keep(absl::Duration at, const MemoryUsage& sum,
                          const std::vector<MemoryReading>& readings) {
  const bool continues_group = in_group_ > 0 && in_group_ < stride_;
  in_group_ = continues_group ? in_group_ + 1 : 1;
  if (continues_group) {
    if (WeightOf(sum) <= WeightOf(record_.total.back().usage)) return;
    RemoveLast();
  }
  record_.total.push_back({at, sum});
  ++figures_;
  for (const MemoryReading& reading : readings) {
    const auto row = rows_.find({reading.id, reading.start_time});
    if (row == rows_.end() || !reading.usage.has_value()) continue;
    record_.processes[row->second].samples.push_back({at, *reading.usage});
    ++figures_;
  }
}

void MemoryRecorder::RemoveLast() {
  const absl::Duration at = record_.total.back().at;
  record_.total.pop_back();
  --figures_;
  for (ProcessMemory& row : record_.processes) {
    if (row.samples.empty() || row.samples.back().at != at) continue;
    row.samples.pop_back();
    --figures_;
  }
}

// The first reading always stays: charts begin there.
void MemoryRecorder::Thin() {
  absl::flat_hash_set<absl::Duration> dropped;
  std::vector<MemorySample>& total = record_.total;
  for (size_t i = 1; i + 1 < total.size(); i += 2) {
    const bool first_is_higher = WeightOf(total[i].usage) > WeightOf(total[i + 1].usage);
    dropped.insert(total[first_is_higher ? i + 1 : i].at);
  }
  const auto drop = [&](std::vector<MemorySample>& samples) {
    std::erase_if(samples, [&](const MemorySample& sample) { return dropped.contains(sample.at); });
    return static_cast<int64_t>(samples.size());
  };
  figures_ = drop(total);
  for (ProcessMemory& row : record_.processes) figures_ += drop(row.samples);
  stride_ *= 2;
  in_group_ = 0;
}

absl::Status MemoryRecorder::Mark(absl::Duration at, absl::string_view text) {
  if (record_.marks.size() >= kMostMarks) {
    return absl::ResourceExhaustedError(
        absl::StrCat("mark '", text, "': a memory report keeps ", kMostMarks, " marks"));
  }
  record_.marks.push_back({at, std::string(text)});
  return absl::OkStatus();
}

}  // namespace progeny::internal
