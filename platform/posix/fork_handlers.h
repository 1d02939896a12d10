// What runs around every fork of this process, and can be run by hand around a child that the kernel
// makes without libc's fork() (linux/served_fork.cc).
#ifndef PROGENY_PLATFORM_POSIX_FORK_HANDLERS_H_
#define PROGENY_PLATFORM_POSIX_FORK_HANDLERS_H_

namespace progeny::platform {

struct ForkHandlers {
  void (*prepare)();
  void (*parent)();
  void (*child)();
};

// pthread_atfork, and remembers them. From static initialisers or single-threaded code. Returns 0.
int AroundEveryFork(const ForkHandlers& handlers);

// In the order that pthread_atfork promises: prepare last registered first, the others the other way.
// Handlers of foreign code are not among them.
void RunPrepareHandlers();
void RunParentHandlers();
void RunChildHandlers();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FORK_HANDLERS_H_
