#include "platform/posix/process_name.h"

#include <sys/prctl.h>

namespace progeny::platform {
namespace {

constexpr int kNameBytes = 16;

// Through a pointer: child_end.cc says why.
int (*const volatile control)(int, ...) = &prctl;

char before[kNameBytes];

}  // namespace

void NameProcess(const char* name) {
  control(PR_GET_NAME, before);
  control(PR_SET_NAME, name);
}

void UnnameProcess() {
  if (before[0] != '\0') control(PR_SET_NAME, before);
}

}  // namespace progeny::platform
