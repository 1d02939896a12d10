// The images loaded in this process, and image files, by what they are known by: ELF and Mach-O.
#ifndef PROGENY_PLATFORM_POSIX_LOADED_IMAGES_H_
#define PROGENY_PLATFORM_POSIX_LOADED_IMAGES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

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
// segment of it. Asks for no memory if that is the program.
struct LoadedMatch {
  uintptr_t base = 0;
  bool in_segment = false;
};
std::optional<LoadedMatch> LoadedImageWithId(const std::string& build_id, uint64_t offset,
                                             size_t size);

// Of the running program; "" if it has none.
std::string ProgramBuildId();

// Of the file; of the part for this machine's kind if it holds several. "" if it has none.
// NotFound and the like when it can't be read, InvalidArgument when it is no image of that kind.
absl::StatusOr<std::string> BuildIdOfFile(const std::string& path);

// What makes the linker write a build id: "link it with ...".
extern const char kHowToGetABuildId[];

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_LOADED_IMAGES_H_
