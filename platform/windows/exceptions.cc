#include "platform/exceptions.h"

#include <exception>
#include <typeinfo>

#include "boost/core/demangle.hpp"

namespace progeny::platform {

std::optional<CaughtException> RunCatching(absl::FunctionRef<void()> body) {
  try {
    body();
    return std::nullopt;
  } catch (const std::exception& e) {
    return CaughtException{boost::core::demangle(typeid(e).name()), e.what()};
  } catch (...) {
    return CaughtException{"unknown", ""};
  }
}

}  // namespace progeny::platform
