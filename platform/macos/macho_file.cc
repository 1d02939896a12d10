#include "platform/macos/macho_file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libkern/OSByteOrder.h>
#include <mach-o/fat.h>
#include <mach/machine.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/loaded_images.h"

namespace progeny::platform {
namespace {

constexpr uint32_t kMostSlices = 64;
constexpr size_t kMostCommandBytes = 1 << 20;

bool ReadExactly(const Handle& file, void* buffer, size_t size, uint64_t offset) {
  return pread(static_cast<int>(file.get()), buffer, size, static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(size);
}

uint32_t Value(int32_t big_endian) {
  return OSSwapBigToHostInt32(static_cast<uint32_t>(big_endian));
}

// Where the image for this kind of CPU starts: in a universal file the slice of the same subtype,
// else the first of the same type; elsewhere at the file's start.
uint64_t SliceFor(const mach_header_64& wanted, const Handle& file) {
  fat_header header;
  if (!ReadExactly(file, &header, sizeof header, 0)) return 0;
  const uint32_t count = OSSwapBigToHostInt32(header.nfat_arch);
  if (OSSwapBigToHostInt32(header.magic) != FAT_MAGIC || count > kMostSlices) return 0;
  std::vector<fat_arch> slices(count);
  if (!ReadExactly(file, slices.data(), count * sizeof(fat_arch), sizeof header)) return 0;
  uint64_t found = 0;
  for (const fat_arch& slice : slices) {
    if (Value(slice.cputype) != static_cast<uint32_t>(wanted.cputype)) continue;
    const uint32_t difference =
        Value(slice.cpusubtype) ^ static_cast<uint32_t>(wanted.cpusubtype);
    if ((difference & ~uint32_t{CPU_SUBTYPE_MASK}) == 0) return OSSwapBigToHostInt32(slice.offset);
    if (found == 0) found = OSSwapBigToHostInt32(slice.offset);
  }
  return found;
}

}  // namespace

const char kHowToGetABuildId[] = "link it without -no_uuid";

void VisitLoadCommands(const std::byte* commands, size_t size,
                       absl::FunctionRef<void(const load_command&)> visit) {
  size_t at = 0;
  while (size - at >= sizeof(load_command)) {
    const auto& command = *reinterpret_cast<const load_command*>(commands + at);
    if (command.cmdsize < sizeof command || command.cmdsize > size - at) return;
    if (command.cmdsize % alignof(uint64_t) != 0) return;
    visit(command);
    at += command.cmdsize;
  }
}

void VisitLoadCommands(const mach_header_64& header,
                       absl::FunctionRef<void(const load_command&)> visit) {
  VisitLoadCommands(reinterpret_cast<const std::byte*>(&header) + sizeof header, header.sizeofcmds,
                    visit);
}

std::string UuidIn(const load_command& command) {
  if (command.cmd != LC_UUID || command.cmdsize < sizeof(uuid_command)) return "";
  const auto& uuid = reinterpret_cast<const uuid_command&>(command).uuid;
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(uuid), sizeof uuid));
}

const mach_header_64& OwnHeader() {
  static const mach_header_64& header = *[] {
    Dl_info info{};
    dladdr(reinterpret_cast<const void*>(&OwnHeader), &info);
    return static_cast<const mach_header_64*>(info.dli_fbase);
  }();
  return header;
}

absl::StatusOr<std::string> BuildIdOfFile(const std::string& path) {
  absl::StatusOr<Handle> file = AboveStandardStreams(open(path.c_str(), O_RDONLY | O_CLOEXEC),
                                                     absl::StrCat("open image '", path, "'"));
  if (!file.ok()) return file.status();
  const uint64_t start = SliceFor(OwnHeader(), *file);
  mach_header_64 header;
  const bool is_image = ReadExactly(*file, &header, sizeof header, start) &&
                        header.magic == MH_MAGIC_64 && header.cputype == OwnHeader().cputype &&
                        header.sizeofcmds <= kMostCommandBytes;
  std::vector<std::byte> commands(is_image ? header.sizeofcmds : 0);
  if (!is_image || !ReadExactly(*file, commands.data(), commands.size(), start + sizeof header)) {
    return absl::InvalidArgumentError(
        absl::StrCat("open image '", path, "': it is no program of this machine's kind"));
  }
  std::string id;
  VisitLoadCommands(commands.data(), commands.size(), [&](const load_command& command) {
    if (id.empty()) id = UuidIn(command);
  });
  return id;
}

}  // namespace progeny::platform
