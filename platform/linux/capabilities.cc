#include "platform/capabilities.h"

#include <sys/utsname.h>

#include <cstdio>

#include "platform/linux/pidfd.h"

namespace progeny::platform {
namespace {

bool KernelIsAtLeast(int major, int minor) {
  utsname names{};
  int is_major = 0;
  int is_minor = 0;
  if (uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &is_major, &is_minor) != 2) return false;
  return is_major > major || (is_major == major && is_minor >= minor);
}

}  // namespace

const CapabilityFacts& Capabilities() {
  static const CapabilityFacts facts = [] {
    CapabilityFacts f;
    f.os = "linux";
    f.fork = true;
    f.relaunch = true;
    f.fork_server = true;
    f.fork_by_default = true;
    f.signals = true;
    f.affinity = true;
    f.process_handles = PidfdsWork();
    f.status_survives_foreign_reaper = f.process_handles && KernelIsAtLeast(6, 15);
    return f;
  }();
  return facts;
}

}  // namespace progeny::platform
