// The environment a child is to see, as changes against this process's own.
#ifndef PROGENY_PLATFORM_ENVIRONMENT_H_
#define PROGENY_PLATFORM_ENVIRONMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace progeny::platform {

// UTF-8. A change without a value removes the name; kClear removes everything before it.
struct EnvironmentChange {
  enum class Kind { kSet, kUnset, kClear };
  Kind kind = Kind::kSet;
  std::string name;
  std::string value;
};

// "NAME=value" strings. Names compare as the OS compares them (Windows: without case; hidden
// drive entries such as "=C:=..." are kept, and kClear keeps SystemRoot, without which no program
// starts). InvalidArgument for a name that is empty or holds '=' or NUL, or a value with NUL.
absl::StatusOr<std::vector<std::string>> EnvironmentWith(
    absl::Span<const EnvironmentChange> changes);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_ENVIRONMENT_H_
