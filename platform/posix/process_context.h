// What a child takes over from a process beside its handles: environment and working directory, as
// bytes and handles that can be sent, and compared with what they were before.
#ifndef PROGENY_PLATFORM_POSIX_PROCESS_CONTEXT_H_
#define PROGENY_PLATFORM_POSIX_PROCESS_CONTEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace progeny::platform {

// Each "NAME=value" followed by a NUL; of this process, or of `entries`.
std::string EnvironmentBlock();
std::string EnvironmentBlock(const std::vector<std::string>& entries);

// Which directory "." is; two that are equal are the same one.
struct DirectoryId {
  uint64_t device = 0;
  uint64_t inode = 0;
  bool operator==(const DirectoryId&) const = default;
};
DirectoryId CurrentDirectory();

// This process's, as of now.
struct ProcessContext {
  std::string environment = EnvironmentBlock();
  DirectoryId directory = CurrentDirectory();
};

// What has been done to an environment between two blocks.
struct EnvironmentDifference {
  std::vector<std::string> set;    // "NAME=value"
  std::vector<std::string> unset;  // "NAME="
  bool empty() const { return set.empty() && unset.empty(); }
};
EnvironmentDifference DifferenceBetween(absl::string_view before, absl::string_view after);

// Makes `block`, with `difference` on top, this process's environment. Once per process: what it
// allocates stays.
void BecomeEnvironment(absl::string_view block, const EnvironmentDifference& difference);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_PROCESS_CONTEXT_H_
