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

void Prepare() { Lock().lock(); }
void AfterInParent() { Lock().unlock(); }
void AfterInChild() {
  ForgetLifelineInChild();
  ForgetChildrenInChild();
  ForgetServersInChild();
  FrozenMemory::RemakeAllInChild();
  Lock().unlock();
}

// In a static initialiser, so that no thread can be inside the registration when another forks.
const int registered = (Lock(), AroundEveryFork({&Prepare, &AfterInParent, &AfterInChild}));

}  // namespace

std::mutex& ForkLock() {
  (void)registered;
  return Lock();
}

}  // namespace progeny::platform
