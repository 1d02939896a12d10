#include "platform/posix/child_end.h"

#include <dlfcn.h>
#include <unistd.h>

namespace progeny::platform {
namespace {

template <class Function>
Function* FindFunction(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// Present in instrumented programs only. Mach-O has no references that may stay undefined, and
// dlsym's locks are nothing for a forked child: so they are looked up before main.
struct Instruments {
  void (*dump_gcov)() = FindFunction<void()>("__gcov_dump");
  int (*write_profile)() = FindFunction<int()>("__llvm_profile_write_file");
};

const Instruments instruments;

}  // namespace

void EndForkedChild(int code) {
  if (instruments.dump_gcov != nullptr) instruments.dump_gcov();
  if (instruments.write_profile != nullptr) instruments.write_profile();
  _exit(code);
}

}  // namespace progeny::platform
