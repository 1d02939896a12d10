// No kernel call makes a sibling here: children are the server's, and it tells how they ended.
#include "platform/posix/served_fork.h"

#include <cerrno>

#include "platform/fork_child.h"

namespace progeny::platform {

ServedFork ForkForClient(std::atomic<uint32_t>&) {
  ServedFork none;
  none.error = ENOSYS;
  return none;
}

void SetSignalMask(const sigset_t& mask) { sigprocmask(SIG_SETMASK, &mask, nullptr); }

size_t ThreadsInTheWay() { return OtherThreads().size(); }

}  // namespace progeny::platform
