// What escapes user code in a child, as data. A seam because forced unwinding (pthread_exit,
// pthread_cancel) is an exception on some systems, and one that must go on.
#ifndef PROGENY_PLATFORM_EXCEPTIONS_H_
#define PROGENY_PLATFORM_EXCEPTIONS_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"

namespace progeny::platform {

struct CaughtException {
  std::string type;  // readable name, "unknown" where it can't be told
  std::string what;  // empty unless it was a std::exception
};

// Runs `body` and returns what escaped it, if something did.
std::optional<CaughtException> RunCatching(absl::FunctionRef<void()> body);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_EXCEPTIONS_H_
