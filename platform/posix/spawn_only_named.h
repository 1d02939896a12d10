// The part of posix_spawn that each system has its own extension for: nothing is inherited but
// what is named.
#ifndef PROGENY_PLATFORM_POSIX_SPAWN_ONLY_NAMED_H_
#define PROGENY_PLATFORM_POSIX_SPAWN_ONLY_NAMED_H_

#include <spawn.h>

namespace progeny::platform {

extern const short kOnlyNamedFlag;  // for posix_spawnattr_setflags

// Standard stream `descriptor` stays as it is, if it is open.
void InheritStream(posix_spawn_file_actions_t* actions, int descriptor);

// Everything from `first` on is closed in the child.
void CloseTheRest(posix_spawn_file_actions_t* actions, int first);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_SPAWN_ONLY_NAMED_H_
