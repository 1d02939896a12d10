#include "platform/posix/direct_spawn.h"

#include <cerrno>

namespace progeny::platform {

// posix_spawn is the kernel's own call here.
DirectResult SpawnDirectly(const DirectSpawn&) { return {.error = ENOSYS}; }

}  // namespace progeny::platform
