#include "platform/exceptions.h"

#include <exception>

namespace progeny::platform {

std::optional<CaughtException> RunCatching(absl::FunctionRef<void()> body) {
  try {
    body();
    return std::nullopt;
  } catch (const std::exception& e) {
    return CaughtException{"unknown", e.what()};
  } catch (...) {
    return CaughtException{"unknown", ""};
  }
}

}  // namespace progeny::platform
