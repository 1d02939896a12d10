// What a PE image, loaded or mapped, says about itself.
#ifndef PROGENY_PLATFORM_WINDOWS_IMAGE_FILE_H_
#define PROGENY_PLATFORM_WINDOWS_IMAGE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace progeny::platform {

// Identity of the image at `base`: the linker's GUID and age where there is one, else time stamp,
// check sum and size together. Empty if the image has neither (a zero time stamp is none).
std::string BuildIdAt(const void* base);

// The same of a file, read without running any of it.
absl::StatusOr<std::string> BuildIdOfFile(const std::wstring& path);

// True if `size` bytes from `offset` on lie inside one section of the image at `base`, readable.
bool IsReadableSection(const void* base, uint64_t offset, size_t size);

// Path of the file that `module` (an HMODULE; nullptr: the program) was loaded from. Windows
// remembers it from the start: a later rename isn't noticed.
std::wstring PathOfModule(void* module);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_IMAGE_FILE_H_
