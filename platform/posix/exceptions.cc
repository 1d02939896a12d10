#include "platform/exceptions.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace progeny::platform {
namespace {

std::string Demangled(const std::type_info* type) {
  if (type == nullptr) return "unknown";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : type->name();
}

}  // namespace

std::optional<CaughtException> RunCatching(absl::FunctionRef<void()> body) {
  try {
    body();
    return std::nullopt;
  } catch (const std::exception& e) {
    return CaughtException{Demangled(&typeid(e)), e.what()};
  } catch (...) {
    // No type at all: not a C++ exception but forced unwinding, which ends the program if stopped.
    if (abi::__cxa_current_exception_type() == nullptr) throw;
    return CaughtException{Demangled(abi::__cxa_current_exception_type()), ""};
  }
}

}  // namespace progeny::platform
