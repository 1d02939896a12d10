#include "platform/posix/child_end.h"

#include <unistd.h>

// Present in instrumented programs only. The leak checker is not asked: what only the parent's other
// threads held looks leaked in their absence.
extern "C" {
[[gnu::weak]] void __gcov_dump();
[[gnu::weak]] int __llvm_profile_write_file();
}

namespace progeny::platform {
namespace {

// Through a pointer, which the loader fills at start-up: a call that only children make would be
// bound in each child anew, and that look-up touches nine pages of the loader and its tables.
void (*const volatile leave)(int) = &_exit;

}  // namespace

void EndForkedChild(int code) {
  if (__gcov_dump != nullptr) __gcov_dump();
  if (__llvm_profile_write_file != nullptr) __llvm_profile_write_file();
  leave(code);
  __builtin_unreachable();
}

}  // namespace progeny::platform
