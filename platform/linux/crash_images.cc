// The child copies /proc/self/maps, which needs no lock and no memory. The parent looks there for the
// file that a frame lies in, and reads that file's symbols: if it is still the file that was mapped.
#include <fcntl.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "platform/handle.h"
#include "platform/linux/elf_symbols.h"
#include "platform/posix/crash_record.h"

namespace progeny::platform {
namespace {

struct Mapping {
  uint64_t begin = 0, end = 0, offset = 0;
  std::string file;  // device and inode
  std::string inode;
  std::string path;
};

// "55d0c000-55d0d000 r-xp 00001000 fe:01 1234   /path", one line of it.
std::optional<Mapping> Parse(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  if (words.size() < 6 || words[4] == "0") return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> range = absl::StrSplit(words[0], absl::MaxSplits('-', 1));
  Mapping mapping;
  if (!absl::SimpleHexAtoi(range.first, &mapping.begin) || !absl::SimpleHexAtoi(range.second, &mapping.end) ||
      !absl::SimpleHexAtoi(words[2], &mapping.offset)) {
    return std::nullopt;
  }
  mapping.file = absl::StrCat(words[3], " ", words[4]);
  mapping.inode = std::string(words[4]);
  mapping.path = std::string(line.substr(line.find('/') == absl::string_view::npos ? line.size() : line.find('/')));
  return mapping;
}

std::vector<Mapping> ParseAll(absl::string_view text) {
  std::vector<Mapping> mappings;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (std::optional<Mapping> mapping = Parse(line)) mappings.push_back(*std::move(mapping));
  }
  return mappings;
}

const Mapping* Find(const std::vector<Mapping>& mappings, uint64_t address) {
  for (const Mapping& mapping : mappings) {
    if (address >= mapping.begin && address < mapping.end) return &mapping;
  }
  return nullptr;
}

uint64_t BaseOf(const std::vector<Mapping>& mappings, const Mapping& of) {
  for (const Mapping& mapping : mappings) {
    if (mapping.file == of.file) return mapping.begin - mapping.offset;
  }
  return of.begin;
}

// The file that was mapped, not one that has been put in its place since; the program's own also when it
// has no name any more.
Handle Open(const Mapping& mapping) {
  for (const char* path : {mapping.path.c_str(), "/proc/self/exe"}) {
    Handle file(open(path, O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file.valid() || fstat(static_cast<int>(file.get()), &info) != 0) continue;
    if (absl::StrCat(info.st_ino) == mapping.inode) return file;
  }
  return Handle();
}

// Each file is read once.
class Names {
 public:
  std::string FunctionAt(const Mapping& mapping, uint64_t address) {
    const auto [found, is_new] = files_.try_emplace(mapping.file);
    if (is_new) {
      const Handle file = Open(mapping);
      if (file.valid()) found->second = ElfSymbols::Read(static_cast<int>(file.get()));
    }
    return found->second.FunctionAt(address - mapping.begin + mapping.offset);
  }

 private:
  std::map<std::string, ElfSymbols> files_;
};

}  // namespace

void NoteImages(absl::Span<const uint64_t>, CrashNotes& notes) {
  const int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return;
  char piece[4096];
  while (true) {
    const ssize_t got = read(maps, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    notes.Append(piece, static_cast<size_t>(got));
  }
  close(maps);
}

std::vector<std::string> NameFrames(absl::Span<const uint64_t> frames, absl::string_view notes) {
  const std::vector<Mapping> theirs = ParseAll(notes);
  Names names;
  std::vector<std::string> lines;
  for (size_t i = 0; i < frames.size(); ++i) {
    // A return address may be the first byte behind its function.
    const uint64_t address = i == 0 ? frames[i] : frames[i] - 1;
    const Mapping* const mapping = Find(theirs, address);
    if (mapping == nullptr) {
      lines.push_back(absl::StrFormat("%#x", frames[i]));
      continue;
    }
    const std::string place =
        absl::StrFormat("%s+%#x", mapping->path.substr(mapping->path.rfind('/') + 1),
                        frames[i] - BaseOf(theirs, *mapping));
    const std::string function = names.FunctionAt(*mapping, address);
    lines.push_back(function.empty() ? place : absl::StrCat(function, " (", place, ")"));
  }
  return lines;
}

// A stack grows downwards by at most a frame; a frame larger than this jumps over the guard page anyway.
bool IsStackOverflow(uint64_t address, const void* context) {
  constexpr uint64_t kNear = 64 << 10;
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  const uint64_t stack = static_cast<uint64_t>(machine.gregs[REG_RSP]);
#elif defined(__aarch64__)
  const uint64_t stack = machine.sp;
#else
  const uint64_t stack = (static_cast<void>(machine), uint64_t{0});
#endif
  return address != 0 && address + kNear > stack && address < stack + kNear;
}

}  // namespace progeny::platform
