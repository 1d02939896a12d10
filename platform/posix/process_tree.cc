// Freeze, then kill.
//
// Races:
// * Somebody forks while we look: who is stopped can't fork. So we stop all we know and look again,
//   until a look that began when all of them stood still shows nobody new. A fork that was under way
//   when the signal came has either happened, and a later look shows its child, or is begun anew by
//   the kernel when the process is continued, which it never is.
// * A parent ends while its children live: they become somebody else's, and can't be told from
//   strangers any more. So nobody is killed before all of them stand still.
// * Ids are recycled once a parent has reaped its child. So only children of a parent that stood still
//   before the look began are signalled: it reaps nobody, and whoever ends keeps its id as a zombie.
// * Somebody else continues whom we stop (SIGCONT), we may not signal somebody (setuid), or he waits
//   in the kernel and can't be stopped: once nothing has changed for a second, we kill whom we have.
#include "platform/posix/process_tree.h"

#include <signal.h>

#include <algorithm>
#include <unordered_map>

#include "absl/time/time.h"
#include "platform/deadline.h"
#include "platform/posix/child_watch.h"

namespace progeny::platform {
namespace {

constexpr absl::Duration kWithoutProgress = absl::Seconds(1);

class Family {
 public:
  explicit Family(pid_t root) : stands_still_{{root, false}}, by_age_{root} {}

  // Looks at those who still ran. True if that has changed for some.
  bool WatchThemStop() {
    bool changed = false;
    for (auto& [id, still] : stands_still_) {
      if (!still) changed = (still = StandsStill(id)) || changed;
    }
    return changed;
  }
  bool AllStandStill() const {
    return std::all_of(stands_still_.begin(), stands_still_.end(), [](const auto& m) { return m.second; });
  }

  // Stops the children of those who stood still before this look. False if there were none.
  bool StopChildren(const std::vector<ProcessSeen>& seen) {
    const size_t before = by_age_.size();
    for (const ProcessSeen& process : seen) {
      const auto parent = stands_still_.find(process.parent);
      const bool is_child = parent != stands_still_.end() && parent->second;
      if (!is_child || !stands_still_.emplace(process.id, false).second) continue;
      kill(process.id, SIGSTOP);
      by_age_.push_back(process.id);
    }
    return by_age_.size() != before;
  }

  // Children before their parents; the root isn't ours to end.
  void Kill() const {
    for (size_t i = by_age_.size(); i-- > 1;) kill(by_age_[i], SIGKILL);
  }

 private:
  std::unordered_map<pid_t, bool> stands_still_;
  std::vector<pid_t> by_age_;
};

}  // namespace

void EndDescendantsOf(pid_t root) {
  Family family(root);
  Deadline deadline = Deadline::After(kWithoutProgress);
  while (!deadline.passed()) {
    const bool stopped = family.WatchThemStop();
    const bool complete = family.AllStandStill();
    const bool found = family.StopChildren(SeeProcesses());
    if (complete && !found) break;
    if (stopped || found) {
      deadline = Deadline::After(kWithoutProgress);
    } else {
      Nap();
    }
  }
  family.Kill();
}

}  // namespace progeny::platform
