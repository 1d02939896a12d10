// The exit codes by which progeny ends a process, and how any exit code is read.
#ifndef PROGENY_PLATFORM_WINDOWS_EXIT_CODE_H_
#define PROGENY_PLATFORM_WINDOWS_EXIT_CODE_H_

#include <cstdint>

#include "platform/exit_status.h"

namespace progeny::platform {

// TerminateProcess leaves nothing but an exit code, so that code has to tell by itself that it was
// us: "PG" in the upper half, in no range that programs or exceptions use.
inline constexpr uint32_t kTerminatedExitCode = 0x5047000F;
inline constexpr uint32_t kKilledExitCode = 0x50470009;
// What Windows itself gives to a process that Ctrl-C has ended.
inline constexpr uint32_t kInterruptedExitCode = 0xC000013A;

ExitInfo ExitInfoFromCode(uint32_t exit_code);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_EXIT_CODE_H_
