// Who has sent a SIGINT, as each kernel tells it.
#ifndef PROGENY_PLATFORM_POSIX_INTERRUPT_SOURCE_H_
#define PROGENY_PLATFORM_POSIX_INTERRUPT_SOURCE_H_

#include <signal.h>

namespace progeny::platform {

// Async-signal-safe.
bool SentByTerminal(const siginfo_t& info);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_INTERRUPT_SOURCE_H_
