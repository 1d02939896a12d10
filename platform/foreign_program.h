// Running somebody else's program as a shell would: found by PATH, with this process's standard
// streams and environment, its end told exactly.
//
// For one program at a time, in a program that starts no other children meanwhile. Unlike the
// children of launch.h it isn't bound to this process's life: a tool that watches a program must
// not be its end.
#ifndef PROGENY_PLATFORM_FOREIGN_PROGRAM_H_
#define PROGENY_PLATFORM_FOREIGN_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/exit_status.h"
#include "platform/launch.h"

namespace progeny::platform {

// `command` is the program and its arguments, UTF-8. A name without a separator is looked for in
// PATH; a script without "#!" is given to /bin/sh (POSIX). Descriptors and handles beyond the three
// streams are not inherited. POSIX: SIGCHLD gets its default action in this process, or the
// program's status would be lost.
// NotFound: no such program. PermissionDenied: it is there, but may not be executed.
absl::StatusOr<StartedProgram> StartForeignProgram(const std::vector<std::string>& command);

// Blocks until it has ended; its id stays its own until TakeForeignExit has been called.
absl::Status AwaitForeignProgram(const StartedProgram& program);
ExitInfo TakeForeignExit(const StartedProgram& program);

// The signal with this number, before TakeForeignExit only. Windows: Unimplemented; a console's
// events reach all its processes by themselves.
absl::Status SignalForeignProgram(const StartedProgram& program, int number);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_FOREIGN_PROGRAM_H_
