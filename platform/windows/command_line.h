// One string out of many arguments, such that CommandLineToArgvW and the C runtimes give the same
// arguments back.
#ifndef PROGENY_PLATFORM_WINDOWS_COMMAND_LINE_H_
#define PROGENY_PLATFORM_WINDOWS_COMMAND_LINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace progeny::platform {

// What CreateProcessW takes, its closing NUL included.
inline constexpr size_t kLongestCommandLine = 32767;

// The first argument is quoted by rules of its own, which can't express a quotation mark:
// InvalidArgument then, and when the line would be too long.
absl::StatusOr<std::wstring> CommandLineFrom(absl::Span<const std::wstring> arguments);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_COMMAND_LINE_H_
