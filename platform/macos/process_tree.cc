#include "platform/posix/process_tree.h"

#include <libproc.h>
#include <sys/proc.h>

namespace progeny::platform {
namespace {

// False for a zombie as well: of those nothing is told.
bool Look(pid_t process, proc_bsdshortinfo& info) {
  return proc_pidinfo(process, PROC_PIDT_SHORTBSDINFO, 0, &info, sizeof info) == sizeof info;
}

}  // namespace

bool StandsStill(pid_t process) {
  proc_bsdshortinfo info{};
  return !Look(process, info) || info.pbsi_status == SSTOP;
}

std::vector<ProcessSeen> SeeProcesses() {
  std::vector<ProcessSeen> seen;
  const int bytes = proc_listpids(PROC_ALL_PIDS, 0, nullptr, 0);
  if (bytes <= 0) return seen;
  // Some more, for those that are started meanwhile.
  std::vector<pid_t> ids(static_cast<size_t>(bytes) / sizeof(pid_t) + 64);
  const int filled = proc_listpids(PROC_ALL_PIDS, 0, ids.data(),
                                   static_cast<int>(ids.size() * sizeof(pid_t)));
  for (size_t i = 0; filled > 0 && i < static_cast<size_t>(filled) / sizeof(pid_t); ++i) {
    proc_bsdshortinfo info{};
    if (Look(ids[i], info)) seen.push_back({ids[i], static_cast<pid_t>(info.pbsi_ppid)});
  }
  return seen;
}

}  // namespace progeny::platform
