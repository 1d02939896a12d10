#include "platform/posix/interrupt_source.h"

namespace progeny::platform {

bool SentByTerminal(const siginfo_t& info) { return info.si_code == SI_KERNEL; }

}  // namespace progeny::platform
