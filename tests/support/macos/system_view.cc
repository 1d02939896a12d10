#include "support/system_view.h"

#include <fcntl.h>
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

bool UnderWine() { return false; }

}  // namespace progeny::tests
