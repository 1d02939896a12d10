// Starting a program by the kernel's own means, where posix_spawn does more than is needed.
//
// The C library's posix_spawn asks for and sets the action of every signal in the child, one call
// each. A kernel that does it at the child's birth saves that, and the child can be bound to its
// parent before it executes anything.
#ifndef PROGENY_PLATFORM_POSIX_DIRECT_SPAWN_H_
#define PROGENY_PLATFORM_POSIX_DIRECT_SPAWN_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace progeny::platform {

struct DescriptorMove {
  int from;
  int to;
};

// Everything is borrowed. In the child the moves are made in order, then everything from
// `first_closed` on is closed; the signal mask is empty, handled signals have their defaults.
struct DirectSpawn {
  const char* path = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;  // to change into first; nullptr: stay
  const DescriptorMove* moves = nullptr;
  size_t move_count = 0;
  int first_closed = 3;
  // A child of progeny's: its lifeline's reader, armed before anything is executed, and the word
  // that says so. -1 and nullptr otherwise.
  int lifeline = -1;
  std::atomic<uint32_t>* bound = nullptr;
};

struct DirectResult {
  pid_t pid = -1;
  int error = 0;  // an errno; then nothing was started, nothing is left
};

// ENOSYS where this kernel, this processor or a sandbox can't: posix_spawn is the way then.
DirectResult SpawnDirectly(const DirectSpawn& plan);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_DIRECT_SPAWN_H_
