#include "progeny/internal/process_family.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
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

bool ProcessFamily::IsMember(const ProcessEntry& entry) const {
  if (!seen_) return entry.id == root_;
  const auto known = known_.find(entry.id);
  return known != known_.end() && known->second == entry.start_time;
}

// From child to child: the cost is the family's, not the machine's.
absl::StatusOr<std::vector<ProcessEntry>> ProcessFamily::LookAlongTheTree() const {
  std::vector<ProcessEntry> members;
  absl::flat_hash_set<int64_t> met;
  const auto meet = [&](int64_t id) {
    if (!met.insert(id).second) return;
    absl::StatusOr<ProcessEntry> entry = platform::FindProcess(id);
    if (entry.ok()) members.push_back(*std::move(entry));
  };
  meet(root_);
  for (const auto& [id, start] : known_) meet(id);
  std::erase_if(members, [this](const ProcessEntry& entry) { return !IsMember(entry); });
  for (size_t i = 0; i < members.size(); ++i) {  // grows as it goes
    const absl::StatusOr<std::vector<int64_t>> children = platform::ChildrenOf(members[i].id);
    if (absl::IsUnimplemented(children.status())) return children.status();
    if (!children.ok()) continue;  // it has just ended
    for (const int64_t child : *children) meet(child);
  }
  return members;
}

absl::StatusOr<std::vector<ProcessEntry>> ProcessFamily::LookThroughTheList() const {
  absl::StatusOr<std::vector<ProcessEntry>> all = platform::ListProcesses();
  if (!all.ok()) return all.status();
  absl::flat_hash_map<int64_t, std::vector<ProcessEntry>> children;
  std::vector<ProcessEntry> members;
  for (ProcessEntry& entry : *all) {
    std::vector<ProcessEntry>& place = IsMember(entry) ? members : children[entry.parent_id];
    place.push_back(std::move(entry));
  }
  for (size_t i = 0; i < members.size(); ++i) {  // grows as it goes
    for (const ProcessEntry& child : children[members[i].id]) {
      if (CanBeChild(child, members[i])) members.push_back(child);
    }
  }
  return members;
}

absl::StatusOr<std::vector<ProcessEntry>> ProcessFamily::Look() {
  absl::StatusOr<std::vector<ProcessEntry>> members = LookAlongTheTree();
  if (absl::IsUnimplemented(members.status())) members = LookThroughTheList();
  if (!members.ok()) return members.status();
  if (!seen_ && members->empty()) {
    return absl::NotFoundError(
        absl::StrCat("look at process ", root_, ": no such process, or it has ended"));
  }
  known_.clear();
  for (const ProcessEntry& member : *members) {
    if (!seen_ && member.id == root_) root_start_ = member.start_time;
    known_[member.id] = member.start_time;
  }
  seen_ = true;
  // Ids may wrap around, starts don't; parents of the same tick have the smaller id, mostly.
  std::sort(members->begin(), members->end(), [](const ProcessEntry& a, const ProcessEntry& b) {
    return std::pair(a.start_time, a.id) < std::pair(b.start_time, b.id);
  });
  return members;
}

bool ProcessFamily::RootRunsNow() const {
  const absl::StatusOr<ProcessEntry> root = platform::FindProcess(root_);
  return root.ok() && root->start_time == root_start_;
}

}  // namespace progeny::internal
