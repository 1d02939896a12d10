// Reading the files that the kernel makes up on the fly (/proc, /sys): they have no size, may be
// megabytes long, and may be missing, empty or masked in containers.
#ifndef PROGENY_PLATFORM_LINUX_PROC_FILE_H_
#define PROGENY_PLATFORM_LINUX_PROC_FILE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace progeny::platform {

// Hands the file to `sink` in pieces that end anywhere; they are valid during that call only.
// Allocates nothing when it succeeds.
absl::Status ReadInPieces(const std::string& path, absl::FunctionRef<void(absl::string_view)> sink);

// The whole file, for the small ones.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_PROC_FILE_H_
