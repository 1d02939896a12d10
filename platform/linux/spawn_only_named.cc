#include "platform/posix/spawn_only_named.h"

namespace progeny::platform {

const short kOnlyNamedFlag = 0;

void InheritStream(posix_spawn_file_actions_t*, int) {}

// glibc 2.34; falls back to /proc/self/fd where close_range is refused.
void CloseTheRest(posix_spawn_file_actions_t* actions, int first) {
  posix_spawn_file_actions_addclosefrom_np(actions, first);
}

}  // namespace progeny::platform
