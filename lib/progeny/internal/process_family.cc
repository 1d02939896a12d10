#include "progeny/internal/process_family.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace progeny::internal {
namespace {

using platform::ProcessEntry;

bool CanBeChild(const ProcessEntry& child, const ProcessEntry& parent) {
  if (child.id == parent.id) return false;
  return child.start_time == 0 || parent.start_time == 0 || child.start_time >= parent.start_time;
}

}  // namespace

absl::StatusOr<std::vector<ProcessEntry>> ProcessFamily::Look() {
  absl::StatusOr<std::vector<ProcessEntry>> all = platform::ListProcesses();
  if (!all.ok()) return all.status();
  absl::flat_hash_map<int64_t, std::vector<ProcessEntry*>> children;
  std::vector<ProcessEntry*> members;
  for (ProcessEntry& entry : *all) {
    const auto known = known_.find(entry.id);
    const bool is_root = !seen_ && entry.id == root_;
    if (is_root) root_start_ = entry.start_time;
    if (is_root || (known != known_.end() && known->second == entry.start_time)) {
      members.push_back(&entry);
    } else {
      children[entry.parent_id].push_back(&entry);
    }
  }
  if (!seen_ && members.empty()) {
    return absl::NotFoundError(
        absl::StrCat("look at process ", root_, ": no such process, or it has ended"));
  }
  seen_ = true;
  for (size_t i = 0; i < members.size(); ++i) {  // grows as it goes
    for (ProcessEntry* child : children[members[i]->id]) {
      if (CanBeChild(*child, *members[i])) members.push_back(child);
    }
  }
  known_.clear();
  std::vector<ProcessEntry> family;
  for (ProcessEntry* member : members) {
    known_[member->id] = member->start_time;
    family.push_back(std::move(*member));
  }
  // Ids may wrap around, starts don't: stable, so that those without a start keep their order.
  std::stable_sort(family.begin(), family.end(), [](const ProcessEntry& a, const ProcessEntry& b) {
    return a.start_time < b.start_time;
  });
  return family;
}

bool ProcessFamily::RootRunsNow() const {
  const absl::StatusOr<ProcessEntry> root = platform::FindProcess(root_);
  return root.ok() && root->start_time == root_start_;
}

}  // namespace progeny::internal
