// A process and its descendants, followed from look to look.
#ifndef PROGENY_INTERNAL_PROCESS_FAMILY_H_
#define PROGENY_INTERNAL_PROCESS_FAMILY_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "platform/process_table.h"

namespace progeny::internal {

// Not thread-safe. A member stays one when its parent ends and it gets a foster parent; a process
// whose id was a member's before is a stranger. So is one that is older than its "parent", whose
// number then was given away twice (Windows).
class ProcessFamily {
 public:
  explicit ProcessFamily(int64_t root) : root_(root) {}

  // Those that run now, parents before their children. NotFound when the root never ran.
  absl::StatusOr<std::vector<platform::ProcessEntry>> Look();
  // As of the last look.
  bool root_runs() const { return known_.contains(root_); }
  // Of this moment, without looking at the others.
  bool RootRunsNow() const;

 private:
  bool IsMember(const platform::ProcessEntry& entry) const;  // by what is known so far
  absl::StatusOr<std::vector<platform::ProcessEntry>> LookAlongTheTree() const;
  absl::StatusOr<std::vector<platform::ProcessEntry>> LookThroughTheList() const;

  int64_t root_;
  uint64_t root_start_ = 0;
  bool seen_ = false;
  absl::flat_hash_map<int64_t, uint64_t> known_;  // id -> start of those of the last look
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_PROCESS_FAMILY_H_
