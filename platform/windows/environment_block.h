// An environment in the form that CreateProcessW takes.
#ifndef PROGENY_PLATFORM_WINDOWS_ENVIRONMENT_BLOCK_H_
#define PROGENY_PLATFORM_WINDOWS_ENVIRONMENT_BLOCK_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace progeny::platform {

// UTF-16, sorted by name without case as Windows searches it, closed by an empty entry.
absl::StatusOr<std::wstring> EnvironmentBlock(const std::vector<std::string>& environment);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_ENVIRONMENT_BLOCK_H_
