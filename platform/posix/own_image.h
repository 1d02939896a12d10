// How a program is started so that it knows, before main, that it is a child of progeny.
//
// The mark is what tells a child from a program that a user has started: Linux hides it in the path
// that is executed ("/.//./", which means nothing to the kernel and stands, as given, in AT_EXECFN),
// macOS adds one argument. By itself it makes nothing a child: the hand-over's magic must be there.
#ifndef PROGENY_PLATFORM_POSIX_OWN_IMAGE_H_
#define PROGENY_PLATFORM_POSIX_OWN_IMAGE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace progeny::platform {

struct MarkedImage {
  std::string path;  // absolute
  std::vector<std::string> arguments;
};

// `executable`; if empty, this program's own image with this process's own arguments, whatever has
// become of the file. Linux: /proc/self/exe, taken literally, also when the file was renamed,
// replaced or deleted. macOS: a renamed file is found; FailedPrecondition when it was replaced or
// deleted, as nothing leads to it any more. FailedPrecondition too where the kernel runs another
// program than this one (started as "ld.so ./program", under an emulator).
absl::StatusOr<MarkedImage> MarkImage(const std::string& executable);

// True in a process that was started so.
bool StartedThroughMark();

// Removes what the mark has left: Linux a thread named after the odd path, macOS the argument, from
// `argc`/`argv` (which may be null) and from what the system shows to others.
void RemoveMark(int* argc, char** argv);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_OWN_IMAGE_H_
