// Memory figures of one process, from the text files in its /proc directory.
//
// Three sources, best first: smaps_rollup (Linux 4.14: one summed block), smaps (one block per
// mapping, megabytes for a big program), statm (kernels without page monitoring: resident only).
// The first two need the right to look at the process, statm doesn't.
#ifndef PROGENY_PLATFORM_LINUX_SMAPS_H_
#define PROGENY_PLATFORM_LINUX_SMAPS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/memory_usage.h"

namespace progeny::platform {

// Sums the fields of smaps_rollup or smaps text that comes in pieces. Allocates nothing. A field
// that never came, or once came malformed, gives no figure: half a sum would be made up.
class SmapsSum {
 public:
  void Add(absl::string_view piece);  // a line may be spread over pieces
  MemoryUsage Usage() const;          // after the last piece, which ends with a newline

 private:
  struct Field {
    int64_t bytes = 0;
    bool seen = false;
    bool malformed = false;

    void AddKilobytes(absl::string_view value);
    std::optional<int64_t> get() const;
  };

  void AddLine(absl::string_view line);
  Field* Find(absl::string_view name);

  Field rss_, pss_, private_clean_, private_dirty_, swap_, swap_pss_;
  // The start of a line whose end has not come yet. Lines that matter are shorter than this;
  // longer ones describe a mapping and its file, and are cut.
  char line_[128];
  size_t line_size_ = 0;
};

// `directory`: /proc/<id>, /proc/self, or a test's imitation. `process_id` is for messages.
absl::StatusOr<MemoryUsage> ReadMemoryUsage(const std::string& directory, int64_t process_id);

// From the text of /proc/meminfo.
absl::StatusOr<SystemMemory> ParseMeminfo(absl::string_view text);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_SMAPS_H_
