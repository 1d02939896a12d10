// The running program: its path, and a mark on it.
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

#include "platform/image.h"
#include "platform/launch.h"
#include "platform/posix/anonymous_file.h"
#include "platform/posix/own_image.h"

namespace progeny::platform {
namespace {

constexpr char kGuardLabel[] = "progeny-main-guard";

}  // namespace

std::string ProgramPath() {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size < 0 ? std::string("(this program)") : std::string(path, static_cast<size_t>(size));
}

// A mapping with a name of its own: every copy of progeny in the process finds it in the list of
// mappings, without an exported symbol or a variable in the environment of grandchildren.
// A re-executed child needs none: that its hand-over is gone tells every copy that a guard took it.
void PublishGuard() {
  if (StartedThroughMark()) return;
  absl::StatusOr<Handle> file = CreateAnonymousFile(kGuardLabel);
  if (!file.ok()) return;
  if (ftruncate(static_cast<int>(file->get()), 1) != 0) return;
  (void)mmap(nullptr, 1, PROT_READ, MAP_PRIVATE, static_cast<int>(file->get()), 0);
}

bool GuardPublished() {
  if (StartedThroughMark()) return !HasHandOver();
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(kGuardLabel) != std::string::npos) return true;
  }
  return false;
}

}  // namespace progeny::platform
