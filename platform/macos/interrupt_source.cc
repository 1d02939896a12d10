#include "platform/posix/interrupt_source.h"

namespace progeny::platform {

// The kernel names no sender of its own signals.
bool SentByTerminal(const siginfo_t& info) { return info.si_pid == 0; }

}  // namespace progeny::platform
