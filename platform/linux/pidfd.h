// Process handles of the kernel: a descriptor that names one process for ever.
#ifndef PROGENY_PLATFORM_LINUX_PIDFD_H_
#define PROGENY_PLATFORM_LINUX_PIDFD_H_

#include <sys/types.h>

#include <optional>

namespace progeny::platform {

// pidfd_open(2), 5.3: a descriptor (close-on-exec), or -1 and errno.
int PidfdOpen(pid_t pid);

// pidfd_send_signal(2), 5.1: 0, or -1 and errno.
int PidfdSendSignal(int pidfd, int signal);

// The wait status of a process that somebody has already reaped: PIDFD_GET_INFO of Linux 6.15
// (include/uapi/linux/pidfd.h). Nothing while it is a zombie, or on an older kernel.
std::optional<int> PidfdExitStatus(int pidfd);

// False where the kernel or a sandbox refuses pidfds. Asked once.
bool PidfdsWork();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_PIDFD_H_
