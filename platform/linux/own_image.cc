#include "platform/posix/own_image.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/posix/loaded_images.h"
#include "platform/posix/spawn.h"

namespace progeny::platform {
namespace {

constexpr char kMark[] = "/.//./";

const char* ExecutedPath() { return reinterpret_cast<const char*>(getauxval(AT_EXECFN)); }

std::string MarkedPath(const std::string& path) {
  const std::string absolute = AbsolutePath(path);
  const size_t slash = absolute.rfind('/');
  return absl::StrCat(absolute.substr(0, slash), kMark, absolute.substr(slash + 1));
}

// Without build ids there is nothing to compare: then the kernel's word is taken.
bool IsThisProgram(const std::string& path) {
  const std::string own = ProgramBuildId();
  if (own.empty()) return true;
  const absl::StatusOr<std::string> there = BuildIdOfFile(path);
  return there.ok() && *there == own;
}

absl::StatusOr<std::string> FindOwnImage() {
  if (IsThisProgram("/proc/self/exe")) return std::string("/proc/self") + kMark + "exe";
  const char* executed = ExecutedPath();
  if (executed != nullptr && IsThisProgram(executed)) return MarkedPath(executed);
  return absl::FailedPreconditionError(
      "start this program again: /proc/self/exe is another program (a loader or an emulator runs "
      "this one, or /proc is missing); start it directly, or set ProcessOptions::executable");
}

// As the kernel shows them: whatever the program has done to argv since.
const std::vector<std::string>& OwnArguments() {
  static const auto& arguments = *[] {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto* parts = new std::vector<std::string>(absl::StrSplit(text, '\0'));
    if (parts->size() > 1) parts->pop_back();  // each one ends with a NUL
    if (parts->front().empty()) parts->front() = program_invocation_name;
    return parts;
  }();
  return arguments;
}

}  // namespace

absl::StatusOr<MarkedImage> MarkImage(const std::string& executable) {
  if (!executable.empty()) return MarkedImage{MarkedPath(executable), {executable}};
  static const auto& own = *new absl::StatusOr<std::string>(FindOwnImage());
  if (!own.ok()) return own.status();
  return MarkedImage{*own, OwnArguments()};
}

bool StartedThroughMark() {
  const char* path = ExecutedPath();
  return path != nullptr && std::strstr(path, kMark) != nullptr;
}

// The kernel named this thread "exe", after the path it was executed by.
void RemoveMark(int*, char**) { prctl(PR_SET_NAME, program_invocation_short_name); }

}  // namespace progeny::platform
