// How a fork server makes a child: one that is its client's own where the kernel can do that.
#ifndef PROGENY_PLATFORM_POSIX_SERVED_FORK_H_
#define PROGENY_PLATFORM_POSIX_SERVED_FORK_H_

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/handle.h"

namespace progeny::platform {

struct ServedFork {
  pid_t pid = -1;        // 0 in the child
  int error = 0;         // ENOSYS: it can't be the client's here, and never will
  bool has_handle = false;  // the kernel gave one from birth; told on both sides
  Handle process;        // which the parent holds
};

// Like fork(), but the child's parent is this process's parent. The seam's fork handlers run, those
// of foreign code don't. The child's id is in `told` before the child runs its first instruction,
// and there too if this process is killed in the midst.
ServedFork ForkForClient(std::atomic<uint32_t>& told);

// Of the calling thread, in a child that hardly calls anything of libc's.
void SetSignalMask(const sigset_t& mask);

// Other threads of this process, whose locks its children would find locked; without those that
// progeny and sanitizers keep. 0 where it can't be told.
size_t ThreadsInTheWay();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_SERVED_FORK_H_
