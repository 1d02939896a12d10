#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/fork_child.h"
#include "platform/linux/own_threads.h"

namespace progeny::platform {

std::vector<std::string> OtherThreads() {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir("/proc/self/task"), &closedir);
  if (tasks == nullptr) return names;
  while (const dirent* entry = readdir(tasks.get())) {
    int id = 0;
    if (!absl::SimpleAtoi(entry->d_name, &id) || id == gettid() || IsOwnThread(id)) continue;
    std::ifstream file(absl::StrCat("/proc/self/task/", id, "/comm"));
    std::string name;
    if (std::getline(file, name)) names.push_back(name);
  }
  return names;
}

}  // namespace progeny::platform
