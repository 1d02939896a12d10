// The one place where an operating system's error becomes an absl::Status.
//
// The message reads "<operation> '<subject>': <the system's words>"; the native code (errno,
// GetLastError) travels as a payload. The status code is chosen by the meaning of the error:
// ENOENT is NotFound, EMFILE is ResourceExhausted, and so on; what has no better word is Internal.
#ifndef PROGENY_PLATFORM_ERROR_H_
#define PROGENY_PLATFORM_ERROR_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace progeny::platform {

// `subject` may be empty: then only the operation is named. Thread-safe.
absl::Status OsError(int64_t native_code, absl::string_view operation, absl::string_view subject);

// The same from errno / GetLastError() of the calling thread; call it before anything else.
absl::Status LastOsError(absl::string_view operation, absl::string_view subject);

// The native code, if `status` was made by OsError.
std::optional<int64_t> OsErrorCodeOf(const absl::Status& status);

// `status` with "; <next step>" added to its message; payloads are kept.
absl::Status WithNextStep(absl::Status status, absl::string_view next_step);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_ERROR_H_
