// Readings of a family of processes, kept in bounded memory.
#ifndef PROGENY_INTERNAL_MEMORY_RECORDER_H_
#define PROGENY_INTERNAL_MEMORY_RECORDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "progeny/memory_report.h"

namespace progeny::internal {

// One process at one reading.
struct MemoryReading {
  ProcessId id = 0;
  ProcessId parent_id = 0;
  uint64_t start_time = 0;  // tells two processes with the same id apart
  std::string name;
  std::optional<MemoryUsage> usage;  // absent: it may not be looked at
};

// Not thread-safe.
class MemoryRecorder {
 public:
  explicit MemoryRecorder(int64_t max_figures) : max_figures_(max_figures) {}

  // Whether the process has a row already: its command line need be asked for only once.
  bool Knows(ProcessId id, uint64_t start_time) const { return rows_.contains({id, start_time}); }
  void SetCommand(ProcessId id, uint64_t start_time, std::string command);

  // All processes that run, in one reading; who was there before and isn't has ended.
  void Add(absl::Duration at, const std::vector<MemoryReading>& readings);
  absl::Status Mark(absl::Duration at, absl::string_view text);

  MemoryRecord& record() { return record_; }
  const MemoryRecord& record() const { return record_; }

 private:
  ProcessMemory* RowOf(absl::Duration at, const MemoryReading& reading);
  void Keep(absl::Duration at, const MemoryUsage& sum, const std::vector<MemoryReading>& readings);
  void RemoveLast();
  void Thin();

  const int64_t max_figures_;
  MemoryRecord record_;
  absl::flat_hash_map<std::pair<ProcessId, uint64_t>, size_t> rows_;
  absl::flat_hash_map<std::pair<ProcessId, uint64_t>, bool> not_kept_;
  int64_t figures_ = 0;
  // Of each `stride_` readings one is kept, the one with the highest sum: the last in `total`, as
  // long as the group isn't complete.
  int64_t stride_ = 1;
  int64_t in_group_ = 0;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_MEMORY_RECORDER_H_
