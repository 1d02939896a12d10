#include "platform/posix/fork_lock.h"

#include "platform/posix/fork_handlers.h"

#include "platform/frozen_memory.h"

namespace progeny::platform {
namespace {

// Leaked on purpose: threads may still use it while static destructors run.
std::mutex& Lock() {
  static std::mutex& lock = *new std::mutex;
  return lock;
}

void Take() { Lock().lock(); }
void Release() { Lock().unlock(); }
void Forget() {
  ForgetLifelineInChild();
  ForgetChildrenInChild();
  ForgetServersInChild();
  FrozenMemory::RemakeAllInChild();
}

// In a static initialiser, so that no thread can be inside the registration when another forks. There
// is nothing to forget then, but it builds what each forked child would have to build anew.
const int registered = (Lock(), Forget(), AroundEveryFork({&Take, &Release, &Forget}));

}  // namespace

std::mutex& ForkLock() {
  (void)registered;
  return Lock();
}

}  // namespace progeny::platform
