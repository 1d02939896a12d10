// Threads of progeny's own, beside which a fork is safe (NoteThreadWork).
#ifndef PROGENY_PLATFORM_LINUX_OWN_THREADS_H_
#define PROGENY_PLATFORM_LINUX_OWN_THREADS_H_

#include <sys/types.h>

#include <cstddef>

namespace progeny::platform {

bool IsOwnThread(pid_t thread);
// But for the calling one.
size_t OwnOtherThreads();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_OWN_THREADS_H_
