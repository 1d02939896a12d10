#include "platform/interrupt.h"

#include <cstdlib>

namespace progeny::platform {

absl::StatusOr<InterruptListener> InterruptListener::Begin() {
  return absl::UnimplementedError("listen for interrupts: not ported to this operating system");
}
InterruptListener::~InterruptListener() = default;
void InterruptListener::End() {}
std::optional<Told> InterruptListener::Take() { return std::nullopt; }
bool SharesTerminal(ProcessId) { return false; }
void EndInterrupted() { std::_Exit(kInterruptedProgramExitCode); }

}  // namespace progeny::platform
