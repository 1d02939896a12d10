// Mach-O images: what their load commands say, in memory and in files.
#ifndef PROGENY_PLATFORM_MACOS_MACHO_FILE_H_
#define PROGENY_PLATFORM_MACOS_MACHO_FILE_H_

#include <mach-o/loader.h>

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"

namespace progeny::platform {

// Calls `visit` for each whole command among `size` bytes of them (8-byte aligned).
void VisitLoadCommands(const std::byte* commands, size_t size,
                       absl::FunctionRef<void(const load_command&)> visit);

// The commands behind the header of a loaded image.
void VisitLoadCommands(const mach_header_64& header,
                       absl::FunctionRef<void(const load_command&)> visit);

// Lower-case hex if `command` is an LC_UUID, else "".
std::string UuidIn(const load_command& command);

// The header of the loaded image that this code is part of: tells which kind of CPU runs it.
const mach_header_64& OwnHeader();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_MACOS_MACHO_FILE_H_
