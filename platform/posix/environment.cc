#include "platform/environment.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

extern "C" char** environ;  // POSIX declares it nowhere

namespace progeny::platform {
namespace {

absl::Status Check(const EnvironmentChange& change) {
  const bool bad_name = change.name.empty() || change.name.find('=') != std::string::npos ||
                        change.name.find('\0') != std::string::npos;
  if (change.kind != EnvironmentChange::Kind::kClear && bad_name) {
    return absl::InvalidArgumentError(absl::StrCat(
        "environment: '", change.name, "' is no name: it must not be empty nor hold '=' or NUL"));
  }
  if (change.value.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("environment: the value of '", change.name, "' holds a NUL byte"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> EnvironmentWith(
    absl::Span<const EnvironmentChange> changes) {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    result.emplace_back(*entry);
  }
  for (const EnvironmentChange& change : changes) {
    if (absl::Status checked = Check(change); !checked.ok()) return checked;
    if (change.kind == EnvironmentChange::Kind::kClear) {
      result.clear();
      continue;
    }
    const std::string prefix = absl::StrCat(change.name, "=");
    std::erase_if(result, [&](const std::string& e) { return absl::StartsWith(e, prefix); });
    if (change.kind == EnvironmentChange::Kind::kSet) result.push_back(prefix + change.value);
  }
  return result;
}

}  // namespace progeny::platform
