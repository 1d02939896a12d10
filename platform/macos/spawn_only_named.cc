#include "platform/posix/spawn_only_named.h"

#include <fcntl.h>

namespace progeny::platform {

const short kOnlyNamedFlag = POSIX_SPAWN_CLOEXEC_DEFAULT;

// A closed one is not named: posix_spawn would fail with EBADF.
void InheritStream(posix_spawn_file_actions_t* actions, int descriptor) {
  if (fcntl(descriptor, F_GETFD) >= 0) posix_spawn_file_actions_addinherit_np(actions, descriptor);
}

void CloseTheRest(posix_spawn_file_actions_t*, int) {}  // kOnlyNamedFlag does

}  // namespace progeny::platform
