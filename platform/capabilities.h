// What this operating system, this kernel and this build can do, as data: portable code branches
// on it instead of on macros.
#ifndef PROGENY_PLATFORM_CAPABILITIES_H_
#define PROGENY_PLATFORM_CAPABILITIES_H_

#include <string_view>

namespace progeny::platform {

struct CapabilityFacts {
  std::string_view os;                       // "linux", "macos", "windows", "unsupported"
  bool fork = false;                         // ForkChild works
  bool relaunch = false;                     // LaunchImage works
  bool fork_server = false;                  // ForkServer works: there are both
  bool fork_by_default = false;              // fork is safe enough to be the default here
  bool signals = false;                      // a child's end can be a signal
  bool status_survives_foreign_reaper = false;  // Linux 6.15
  bool affinity = false;                     // RunOnlyOn works
  bool process_handles = false;              // pidfd, process HANDLE: ids can't be confused
};

// Asked of the kernel once. Thread-safe.
const CapabilityFacts& Capabilities();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_CAPABILITIES_H_
