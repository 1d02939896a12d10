// Ending everybody who descends from a process, while they go on starting more.
#ifndef PROGENY_PLATFORM_POSIX_PROCESS_TREE_H_
#define PROGENY_PLATFORM_POSIX_PROCESS_TREE_H_

#include <sys/types.h>

#include <vector>

namespace progeny::platform {

// Kills all descendants of `root`, not itself. `root` must have been sent SIGSTOP, must be no
// zombie that somebody could reap meanwhile, and is left stopped.
void EndDescendantsOf(pid_t root);

// --- what a kernel tells; linux/ and macos/ ------------------------------------------------------

struct ProcessSeen {
  pid_t id;
  pid_t parent;
};
// Everybody that can be seen. Empty where that can't be asked.
std::vector<ProcessSeen> SeeProcesses();
// Stopped or ended: it starts nobody.
bool StandsStill(pid_t process);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_PROCESS_TREE_H_
