// Build ids of ELF files.
#ifndef PROGENY_PLATFORM_LINUX_ELF_FILE_H_
#define PROGENY_PLATFORM_LINUX_ELF_FILE_H_

#include <cstddef>
#include <string>

namespace progeny::platform {

// Lower-case hex of the NT_GNU_BUILD_ID note in `notes`, a PT_NOTE segment; "" if it has none.
std::string BuildIdInNotes(const std::byte* notes, size_t size);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_ELF_FILE_H_
