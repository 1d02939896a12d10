// How this program starts itself again, and how the child knows that it was started so.
//
// The mark: the path that is executed contains "/.//./", which means nothing to the kernel and
// stands, as given, in the child's auxiliary vector (AT_EXECFN). argv, environ and
// /proc/self/cmdline never carry anything that would have to be removed.
#ifndef PROGENY_PLATFORM_LINUX_OWN_IMAGE_H_
#define PROGENY_PLATFORM_LINUX_OWN_IMAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace progeny::platform {

// A marked path under which the kernel finds this very image, also when its file was renamed,
// replaced or deleted: /proc/self/exe, taken literally. FailedPrecondition where that is another
// program (started as "ld.so ./program", under an emulator) and no other path leads to it.
absl::StatusOr<std::string> OwnImagePath();

// `path`, absolute and marked.
std::string MarkedPath(const std::string& path);

// True in a process that was executed through a marked path.
bool ExecutedThroughMark();

// This process's arguments as the kernel shows them.
const std::vector<std::string>& OwnArguments();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_OWN_IMAGE_H_
