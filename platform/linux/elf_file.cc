#include "platform/linux/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/loaded_images.h"

namespace progeny::platform {
namespace {

constexpr size_t kMostHeaders = 256;
constexpr size_t kMostNoteBytes = 1 << 16;

size_t Aligned(size_t n) { return (n + 3) & ~size_t{3}; }

bool ReadExactly(const Handle& file, void* buffer, size_t size, uint64_t offset) {
  return pread(static_cast<int>(file.get()), buffer, size, static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(size);
}

}  // namespace

std::string BuildIdInNotes(const std::byte* notes, size_t size) {
  size_t at = 0;
  while (size - at >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + at, sizeof note);
    at += sizeof note;
    const size_t name_size = Aligned(note.n_namesz);
    const size_t text_size = Aligned(note.n_descsz);
    if (name_size > size - at || text_size > size - at - name_size) break;
    const bool gnu = note.n_namesz == 4 && std::memcmp(notes + at, "GNU", 4) == 0;
    at += name_size;
    if (gnu && note.n_type == NT_GNU_BUILD_ID) {
      return absl::BytesToHexString(
          absl::string_view(reinterpret_cast<const char*>(notes + at), note.n_descsz));
    }
    at += text_size;
  }
  return "";
}

absl::StatusOr<std::string> BuildIdOfFile(const std::string& path) {
  absl::StatusOr<Handle> file =
      AboveStandardStreams(open(path.c_str(), O_RDONLY | O_CLOEXEC), absl::StrCat("open image '", path, "'"));
  if (!file.ok()) return file.status();
  ElfW(Ehdr) header;
  const bool is_elf = ReadExactly(*file, &header, sizeof header, 0) &&
                      std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
                      header.e_phentsize == sizeof(ElfW(Phdr)) && header.e_phnum <= kMostHeaders;
  std::vector<ElfW(Phdr)> segments(is_elf ? header.e_phnum : 0);
  if (!is_elf || !ReadExactly(*file, segments.data(), segments.size() * sizeof(ElfW(Phdr)), header.e_phoff)) {
    return absl::InvalidArgumentError(absl::StrCat("open image '", path, "': it is no program of this machine's kind"));
  }
  for (const ElfW(Phdr)& segment : segments) {
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMostNoteBytes) continue;
    std::vector<std::byte> notes(segment.p_filesz);
    if (!ReadExactly(*file, notes.data(), notes.size(), segment.p_offset)) continue;
    std::string id = BuildIdInNotes(notes.data(), notes.size());
    if (!id.empty()) return id;
  }
  return std::string();
}

}  // namespace progeny::platform
