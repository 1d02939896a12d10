#include "platform/image.h"

#include <dlfcn.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/posix/loaded_images.h"
#include "platform/posix/spawn.h"

namespace progeny::platform {
namespace {

absl::Status OtherBuild(const ImageAddress& wanted, const std::string& there) {
  return absl::FailedPreconditionError(absl::StrCat(
      "find an entry in image '", wanted.path, "': the parent has build ", wanted.build_id,
      ", this process has build ", there.empty() ? "(no build id)" : there,
      "; start parent and child from the same build"));
}

// Loads the image, unless it is another build: then none of its code runs.
absl::Status Load(const ImageAddress& wanted) {
  if (wanted.main_program) return OtherBuild(wanted, ProgramBuildId());
  const absl::StatusOr<std::string> id = BuildIdOfFile(wanted.path);
  if (!id.ok()) return id.status();
  if (*id != wanted.build_id) return OtherBuild(wanted, *id);
  if (dlopen(wanted.path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("load image '", wanted.path, "': ", dlerror()));
}

// For messages only: asked once, as each start needs it.
const std::string& ProgramPathAtFirst() {
  static const std::string& path = *new std::string(ProgramPath());
  return path;
}

}  // namespace

absl::StatusOr<ImageAddress> FindImage(const void* address) {
  const std::optional<LoadedImage> image = LoadedImageAt(address);
  if (!image) {
    return absl::NotFoundError(absl::StrFormat("find the image of address %p: none is there", address));
  }
  ImageAddress result;
  result.path = image->main_program ? ProgramPathAtFirst() : AbsolutePath(image->path);
  result.main_program = image->main_program;
  result.build_id = image->build_id;
  result.offset = reinterpret_cast<uintptr_t>(address) - image->base;
  if (result.build_id.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("image '", result.path, "' has no build id, by which its functions are known ",
                     "in another process; ", kHowToGetABuildId));
  }
  return result;
}

absl::StatusOr<const void*> ResolveImage(const ImageAddress& address, size_t size) {
  std::optional<LoadedMatch> match = LoadedImageWithId(address.build_id, address.offset, size);
  if (!match) {
    if (absl::Status loaded = Load(address); !loaded.ok()) return loaded;
    match = LoadedImageWithId(address.build_id, address.offset, size);
  }
  if (!match || !match->in_segment) {
    return absl::DataLossError(absl::StrFormat("find an entry in image '%s': offset %#x lies outside of it",
                                               address.path, address.offset));
  }
  return reinterpret_cast<const void*>(match->base + address.offset);
}

}  // namespace progeny::platform
