#include "platform/posix/loaded_images.h"

#include <link.h>

#include "absl/functional/function_ref.h"
#include "platform/linux/elf_file.h"

namespace progeny::platform {
namespace {

// Calls `visit` for each image, the program first, until it says true.
void Visit(absl::FunctionRef<bool(const dl_phdr_info&, bool is_program)> visit) {
  struct Context {
    absl::FunctionRef<bool(const dl_phdr_info&, bool)> visit;
    bool first = true;
  } context{visit};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto& c = *static_cast<Context*>(data);
        const bool is_program = c.first;
        c.first = false;
        return c.visit(*info, is_program) ? 1 : 0;
      },
      &context);
}

bool HoldsRange(const dl_phdr_info& info, uintptr_t begin, size_t size) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_R) == 0) continue;
    const uintptr_t start = info.dlpi_addr + segment.p_vaddr;
    if (begin >= start && begin - start <= segment.p_memsz &&
        segment.p_memsz - (begin - start) >= size) {
      return true;
    }
  }
  return false;
}

std::string BuildIdOf(const dl_phdr_info& info) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    std::string id = BuildIdInNotes(
        reinterpret_cast<const std::byte*>(info.dlpi_addr + segment.p_vaddr), segment.p_memsz);
    if (!id.empty()) return id;
  }
  return "";
}

// The program's own, which stays where it is as long as the process lives: looked for once, as each start
// and each child asks for it. In a static initialiser, so that no thread can be inside when another forks.
struct Program {
  dl_phdr_info info{};
  std::string build_id;
};

const Program& OwnProgram() {
  static const Program& program = *[] {
    auto* const found = new Program;
    Visit([&](const dl_phdr_info& info, bool) {
      found->info = info;
      return true;
    });
    found->build_id = BuildIdOf(found->info);
    return found;
  }();
  return program;
}

const Program& looked_for = OwnProgram();

LoadedImage ImageFrom(const dl_phdr_info& info, bool is_program) {
  if (is_program) return {info.dlpi_addr, "", OwnProgram().build_id, true};
  return {info.dlpi_addr, info.dlpi_name, BuildIdOf(info), false};
}

}  // namespace

const char kHowToGetABuildId[] = "link it with -Wl,--build-id";

std::optional<LoadedImage> LoadedImageAt(const void* address) {
  (void)looked_for;
  const dl_phdr_info& program = OwnProgram().info;
  if (HoldsRange(program, reinterpret_cast<uintptr_t>(address), 1)) return ImageFrom(program, true);
  std::optional<LoadedImage> found;
  Visit([&](const dl_phdr_info& info, bool is_program) {
    if (!HoldsRange(info, reinterpret_cast<uintptr_t>(address), 1)) return false;
    found = ImageFrom(info, is_program);
    return true;
  });
  return found;
}

std::optional<LoadedMatch> LoadedImageWithId(const std::string& build_id, uint64_t offset,
                                             size_t size) {
  const Program& program = OwnProgram();
  if (program.build_id == build_id) {
    return LoadedMatch{program.info.dlpi_addr, HoldsRange(program.info, program.info.dlpi_addr + offset, size)};
  }
  std::optional<LoadedMatch> found;
  Visit([&](const dl_phdr_info& info, bool) {
    if (BuildIdOf(info) != build_id) return false;
    found = LoadedMatch{info.dlpi_addr, HoldsRange(info, info.dlpi_addr + offset, size)};
    return true;
  });
  return found;
}

std::string ProgramBuildId() { return OwnProgram().build_id; }

}  // namespace progeny::platform
