#include "support/system_view.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace progeny::tests {
namespace {

// "S", "Z" and so on; empty when there is no such process. The name in brackets may hold anything.
std::string StateAndParent(const std::string& folder) {
  std::ifstream file(folder + "/stat");
  std::string text;
  std::getline(file, text);  // a process that ends meanwhile makes a read fail: that is an empty line
  const size_t end_of_name = text.rfind(')');
  return end_of_name == std::string::npos ? "" : text.substr(end_of_name + 2);
}

}  // namespace

std::vector<std::string> OpenHandles() {
  std::vector<std::string> handles;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    if (error || absl::EndsWith(target, "/fd")) continue;  // the one that looks
    // A file without a name shows its inode: another one is no difference.
    if (const size_t inode = target.find("/#"); inode != std::string::npos) target.resize(inode);
    handles.push_back(absl::StrCat("descriptor of ", target));
  }
  std::sort(handles.begin(), handles.end());
  return handles;
}

// By asking every process for its parent: /proc/self/task/*/children leaves out zombies' siblings
// when it is read while they end.
std::vector<std::string> ChildrenOfThisProcess() {
  const std::string self = std::filesystem::read_symlink("/proc/self").string();
  std::vector<std::string> children;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string id = entry.path().filename().string();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string rest = StateAndParent(entry.path().string());
    if (rest.size() < 2) continue;
    const std::string parent = rest.substr(2, rest.find(' ', 2) - 2);
    if (parent == self) {
      // Whether it runs or sleeps just now is no difference between before and after.
      children.push_back(absl::StrCat(id, rest[0] == 'Z' ? " (zombie)" : ""));
    }
  }
  std::sort(children.begin(), children.end());
  return children;
}

std::vector<std::string> SharedMappings() {
  std::vector<std::string> mappings;
  std::ifstream file("/proc/self/maps");
  for (std::string line; std::getline(file, line);) {
    const size_t name = line.find("/memfd:");
    if (name != std::string::npos) mappings.push_back(line.substr(name));
  }
  std::sort(mappings.begin(), mappings.end());
  return mappings;
}

bool IsRunning(int64_t process_id) {
  const std::string state = StateAndParent(absl::StrCat("/proc/", process_id));
  return !state.empty() && state[0] != 'Z' && state[0] != 'X';
}

std::vector<int64_t> ProcessesRunning(const std::string& program) {
  std::vector<int64_t> ids;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &id)) continue;
    const auto image = std::filesystem::read_symlink(entry.path() / "exe", error);  // a zombie has none
    if (!error && image.string() == program) ids.push_back(id);
  }
  return ids;
}

bool UnderWine() { return false; }

}  // namespace progeny::tests
