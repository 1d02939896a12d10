// What runs around every fork of this process, and can be run by hand in a child that the kernel
// makes without libc's fork() (linux/served_fork.cc).
#ifndef PROGENY_PLATFORM_POSIX_FORK_HANDLERS_H_
#define PROGENY_PLATFORM_POSIX_FORK_HANDLERS_H_

namespace progeny::platform {

// A piece of state behind a lock: the forking process takes all locks, and both release them, the
// child after it has forgotten what is its parent's.
struct ForkHandlers {
  void (*take)();
  void (*release)();
  void (*forget)();  // may be nullptr
};

// By pthread_atfork; the state registered first is taken last. From static initialisers or
// single-threaded code. Returns 0.
int AroundEveryFork(const ForkHandlers& handlers);

// In the child of a process of one thread, which therefore took no locks.
void ForgetInUnlockedChild();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FORK_HANDLERS_H_
