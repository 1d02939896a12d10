#include "progeny/internal/memory_recorder.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/process_table.h"
#include "progeny/internal/memory_figures.h"

namespace progeny::internal {
namespace {

constexpr size_t kMostProcesses = 500;
constexpr size_t kMostMarks = 1000;
// Ids of processes beyond them are remembered so that each is counted once; a bound for these too.
constexpr size_t kMostNotKept = 100'000;

// Which of two neighbours is kept when one has to go.
bool IsBetter(const MemorySample& a, const MemorySample& b) {
  if (a.brief != b.brief) return b.brief;
  return WeightOf(a.usage) > WeightOf(b.usage);
}

}  // namespace

void MemoryRecorder::Describe(const MemoryReading& reading, absl::string_view given_name) {
  const auto found = rows_.find({reading.id, reading.start_time});
  if (found == rows_.end()) return;
  ProcessMemory& row = record_.processes[found->second];
  Description& described = described_[found->second];
  if (described.system_name != reading.name) {
    row.command = platform::CommandLineOf(reading.id);
    described.system_name = reading.name;
    if (!described.has_given_name) row.name = reading.name;
  }
  if (given_name.empty()) return;  // it may have ended since: the name stays
  row.name = std::string(given_name);
  described.has_given_name = true;
}

ProcessMemory* MemoryRecorder::RowOf(absl::Duration at, const MemoryReading& reading) {
  const std::pair<ProcessId, uint64_t> key(reading.id, reading.start_time);
  const auto known = rows_.find(key);
  if (known != rows_.end()) return &record_.processes[known->second];
  if (record_.processes.size() >= kMostProcesses) {
    if (not_kept_.size() < kMostNotKept && not_kept_.insert(key).second) {
      ++record_.processes_not_kept;
    }
    return nullptr;
  }
  rows_[key] = record_.processes.size();
  described_.emplace_back();
  ProcessMemory& row = record_.processes.emplace_back();
  row.id = reading.id;
  row.parent_id = reading.parent_id;
  row.first_seen = at;
  return &row;
}

void MemoryRecorder::Add(absl::Duration at, Depth depth,
                         const std::vector<MemoryReading>& readings) {
  MemorySample sum{at, NoMemory(), depth == Depth::kBrief};
  for (ProcessMemory& row : record_.processes) row.ended = true;
  for (const MemoryReading& reading : readings) {
    AddTo(sum.usage, reading.usage);
    ProcessMemory* const row = RowOf(at, reading);
    if (row == nullptr) continue;
    row->ended = false;
    row->last_seen = at;
    if (depth == Depth::kFull) row->readable = reading.permitted;
    RaiseTo(row->peak, reading.usage);
  }
  // Of an empty look no figure is absent, but nothing more than `resident` was asked for.
  if (sum.brief) sum.usage = {.resident = sum.usage.resident};
  RaiseTo(record_.peak, sum.usage);
  ++record_.looks;
  if (depth == Depth::kFull) ++record_.readings;
  if (!sum.brief || sum.usage.resident.has_value()) Keep(sum, readings);
  while (figures_ > max_figures_ && record_.total.size() > 2) Thin();
}

void MemoryRecorder::Keep(const MemorySample& sum, const std::vector<MemoryReading>& readings) {
  const bool continues_group = in_group_ > 0 && in_group_ < stride_;
  in_group_ = continues_group ? in_group_ + 1 : 1;
  if (continues_group) {
    if (!IsBetter(sum, record_.total.back())) return;
    RemoveLast();
  }
  record_.total.push_back(sum);
  ++figures_;
  for (const MemoryReading& reading : readings) {
    const auto row = rows_.find({reading.id, reading.start_time});
    if (row == rows_.end() || !reading.usage.resident.has_value()) continue;
    record_.processes[row->second].samples.push_back({sum.at, reading.usage, sum.brief});
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

// The first sample always stays: charts begin there.
void MemoryRecorder::Thin() {
  absl::flat_hash_set<absl::Duration> dropped;
  std::vector<MemorySample>& total = record_.total;
  for (size_t i = 1; i + 1 < total.size(); i += 2) {
    dropped.insert(total[IsBetter(total[i], total[i + 1]) ? i + 1 : i].at);
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
