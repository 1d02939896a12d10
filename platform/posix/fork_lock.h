// The seam's process-wide state (lifeline, children nobody waits for) lives under one lock that
// every fork() of this process takes first, foreign code's included: a forked child never finds it
// half changed, nor held by a thread that does not exist there.
#ifndef PROGENY_PLATFORM_POSIX_FORK_LOCK_H_
#define PROGENY_PLATFORM_POSIX_FORK_LOCK_H_

#include <mutex>

namespace progeny::platform {

// Registers the handlers on first use.
std::mutex& ForkLock();

// Runs in each forked child while it still holds the lock; every piece of state has one entry.
void ForgetLifelineInChild();
void ForgetChildrenInChild();
void ForgetServersInChild();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FORK_LOCK_H_
