// What makes a re-executed child behave as a child of progeny: no dialogs, crashes that can be
// told from exits, and an ear for the parent's interrupt.
#ifndef PROGENY_PLATFORM_WINDOWS_CHILD_LIFE_H_
#define PROGENY_PLATFORM_WINDOWS_CHILD_LIFE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "platform/handle.h"

namespace progeny::platform {

// Windows would show a box and wait for a click when a program crashes; and abort() would look
// like exit(3). Both end here with an exit code that says what happened.
void CrashWithoutDialogs();

// Each time the parent interrupts, the handler for SIGINT runs on a thread of its own, as it does for
// Ctrl-C; with no handler the process ends with 0xC000013A, as it does after Ctrl-C. Takes
// `event`, by which the parent tells it, for the rest of the process's life. The same event tells of a
// request to stop: those who wait for that are woken. `slot_head` (null: there is none) says which.
absl::Status ListenForInterrupts(Handle event, std::byte* slot_head);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_CHILD_LIFE_H_
