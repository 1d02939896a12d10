#include "support/system_view.h"

#include <fcntl.h>
#include <libproc.h>
#include <signal.h>
#include <sys/param.h>
#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace progeny::tests {

std::vector<std::string> OpenHandles() {
  std::vector<std::string> handles;
  for (int fd = 0; fd < 1024; ++fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) continue;
    char path[MAXPATHLEN] = "";
    if (S_ISREG(info.st_mode) || S_ISCHR(info.st_mode)) (void)fcntl(fd, F_GETPATH, path);
    handles.push_back(absl::StrCat("descriptor of mode ", info.st_mode & S_IFMT, " ", path));
  }
  std::sort(handles.begin(), handles.end());
  return handles;
}

// Not told without entitlements or private headers.
std::vector<std::string> ChildrenOfThisProcess() { return {}; }
std::vector<std::string> SharedMappings() { return {}; }

bool IsRunning(int64_t process_id) { return kill(static_cast<pid_t>(process_id), 0) == 0; }

std::vector<int64_t> ProcessesRunning(const std::string& program) {
  std::vector<pid_t> all(static_cast<size_t>(proc_listallpids(nullptr, 0)) + 64);
  const int count = proc_listallpids(all.data(), static_cast<int>(all.size() * sizeof(pid_t)));
  std::vector<int64_t> ids;
  for (int i = 0; i < count; ++i) {
    char path[PROC_PIDPATHINFO_MAXSIZE] = "";
    if (proc_pidpath(all[i], path, sizeof path) > 0 && program == path) ids.push_back(all[i]);
  }
  return ids;
}

bool UnderWine() { return false; }

}  // namespace progeny::tests
