// dyld's list of images may change while it is walked, and it offers no lock: an image that another
// thread unloads at this moment can't be told from a loaded one. dladdr has no such gap, so finding
// an address is safe; finding an id is done in children at their start, and by programs that unload
// nothing meanwhile.
#include "platform/posix/loaded_images.h"

#include <dlfcn.h>
#include <mach-o/dyld.h>
#include <mach/vm_prot.h>

#include <cstring>

#include "platform/macos/macho_file.h"

namespace progeny::platform {
namespace {

struct Facts {
  std::string build_id;
  bool holds_range = false;
};

// What the header says of itself, and whether [offset, offset + size) lies in a readable segment.
// Offsets count from the header, with which the text segment begins.
Facts Look(const mach_header_64& header, uint64_t offset, size_t size) {
  uint64_t text = 0;
  VisitLoadCommands(header, [&](const load_command& command) {
    if (command.cmd != LC_SEGMENT_64) return;
    const auto& segment = reinterpret_cast<const segment_command_64&>(command);
    if (std::strncmp(segment.segname, SEG_TEXT, sizeof segment.segname) == 0) text = segment.vmaddr;
  });
  Facts facts;
  VisitLoadCommands(header, [&](const load_command& command) {
    if (facts.build_id.empty()) facts.build_id = UuidIn(command);
    if (command.cmd != LC_SEGMENT_64) return;
    const auto& segment = reinterpret_cast<const segment_command_64&>(command);
    if ((segment.initprot & VM_PROT_READ) == 0 || segment.vmaddr < text) return;
    const uint64_t start = segment.vmaddr - text;
    if (offset >= start && offset - start <= segment.vmsize &&
        segment.vmsize - (offset - start) >= size) {
      facts.holds_range = true;
    }
  });
  return facts;
}

LoadedImage ImageFrom(const mach_header_64& header, const char* path, std::string build_id) {
  const bool is_program = header.filetype == MH_EXECUTE;
  return {reinterpret_cast<uintptr_t>(&header), is_program || path == nullptr ? "" : path,
          std::move(build_id), is_program};
}

}  // namespace

std::optional<LoadedImage> LoadedImageAt(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fbase == nullptr) return std::nullopt;
  const auto& header = *static_cast<const mach_header_64*>(info.dli_fbase);
  const uint64_t offset =
      reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(&header);
  Facts facts = Look(header, offset, 1);
  if (!facts.holds_range) return std::nullopt;
  return ImageFrom(header, info.dli_fname, std::move(facts.build_id));
}

std::optional<LoadedMatch> LoadedImageWithId(const std::string& build_id, uint64_t offset,
                                             size_t size) {
  for (uint32_t i = 0; i < _dyld_image_count(); ++i) {
    const auto* header = reinterpret_cast<const mach_header_64*>(_dyld_get_image_header(i));
    if (header == nullptr) continue;
    Facts facts = Look(*header, offset, size);
    if (facts.build_id != build_id) continue;
    return LoadedMatch{reinterpret_cast<uintptr_t>(header), facts.holds_range};
  }
  return std::nullopt;
}

std::string ProgramBuildId() {
  for (uint32_t i = 0; i < _dyld_image_count(); ++i) {
    const auto* header = reinterpret_cast<const mach_header_64*>(_dyld_get_image_header(i));
    if (header != nullptr && header->filetype == MH_EXECUTE) return Look(*header, 0, 0).build_id;
  }
  return "";
}

}  // namespace progeny::platform
