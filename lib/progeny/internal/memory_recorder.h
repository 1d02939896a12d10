// Readings of a family of processes, kept in bounded memory.
#ifndef PROGENY_INTERNAL_MEMORY_RECORDER_H_
#define PROGENY_INTERNAL_MEMORY_RECORDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
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
  MemoryUsage usage;
  bool permitted = true;
};

enum class Depth { kBrief, kFull };

// Not thread-safe.
class MemoryRecorder {
 public:
  explicit MemoryRecorder(int64_t max_figures) : max_figures_(max_figures) {}

  // All processes that run; who was there before and isn't has ended.
  void Add(absl::Duration at, Depth depth, const std::vector<MemoryReading>& readings);
  // Of one that was added: the name that progeny has given it ("": none), and its command line,
  // which is asked of the system when there is none as yet, or the program is another one.
  void Describe(const MemoryReading& reading, absl::string_view given_name);
  absl::Status Mark(absl::Duration at, absl::string_view text);

  MemoryRecord& record() { return record_; }
  const MemoryRecord& record() const { return record_; }

 private:
  struct Description {
    std::string system_name;  // when its command line was asked for; a program may exec another one
    bool has_given_name = false;
  };
  ProcessMemory* RowOf(absl::Duration at, const MemoryReading& reading);
  void Keep(const MemorySample& sum, const std::vector<MemoryReading>& readings);
  void RemoveLast();
  void Thin();

  const int64_t max_figures_;
  MemoryRecord record_;
  absl::flat_hash_map<std::pair<ProcessId, uint64_t>, size_t> rows_;
  absl::flat_hash_set<std::pair<ProcessId, uint64_t>> not_kept_;
  std::vector<Description> described_;  // of each row
  int64_t figures_ = 0;
  // Of each `stride_` samples one is kept, the fullest and highest: the last in `total`, as long as
  // the group isn't complete.
  int64_t stride_ = 1;
  int64_t in_group_ = 0;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_MEMORY_RECORDER_H_
