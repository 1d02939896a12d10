// The ELF images loaded in this process.
#ifndef PROGENY_PLATFORM_LINUX_LOADED_IMAGES_H_
#define PROGENY_PLATFORM_LINUX_LOADED_IMAGES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace progeny::platform {

struct LoadedImage {
  uintptr_t base = 0;
  std::string path;  // empty for the program itself
  std::string build_id;
  bool main_program = false;
};

// The image one of whose segments contains `address`.
std::optional<LoadedImage> LoadedImageAt(const void* address);

// The first loaded image with this id, and whether [offset, offset + size) lies in a readable
// segment of it.
struct LoadedMatch {
  LoadedImage image;
  bool in_segment = false;
};
std::optional<LoadedMatch> LoadedImageWithId(const std::string& build_id, uint64_t offset,
                                             size_t size);

// Of the running program; "" if it has none.
std::string ProgramBuildId();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_LOADED_IMAGES_H_
