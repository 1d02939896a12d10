// UTF-8 outside, UTF-16 towards Windows.
#ifndef PROGENY_PLATFORM_WINDOWS_UTF_H_
#define PROGENY_PLATFORM_WINDOWS_UTF_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace progeny::platform {

// InvalidArgument, naming `what`, for bytes that are no UTF-8 and for a NUL inside: either would
// reach Windows as some other name than the caller meant.
absl::StatusOr<std::wstring> WideFromUtf8(std::string_view text, std::string_view what);

// A lone surrogate, which Windows allows in names and UTF-8 can't express, becomes U+FFFD.
std::string Utf8FromWide(std::wstring_view text);

// `path` in the form that file functions take: from MAX_PATH characters on with the prefix that
// lifts their limit.
absl::StatusOr<std::wstring> WidePath(std::string_view path);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_UTF_H_
