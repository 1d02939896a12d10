// There is no list of mappings to copy, so the dying child asks dyld, which allocates nothing: a line for
// each frame with image, offset and the nearest exported symbol. The parent only makes them readable.
#include <cxxabi.h>
#include <dlfcn.h>
#include <sys/ucontext.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "platform/posix/crash_record.h"

namespace progeny::platform {
namespace {

void AppendHex(uint64_t value, CrashNotes& notes) {
  char digits[16];
  for (int i = 15; i >= 0; --i, value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  notes.Append(digits, sizeof digits);
}

std::string Demangled(const std::string& symbol) {
  int status = 0;
  char* const name = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string result = status == 0 && name != nullptr ? name : symbol;
  std::free(name);
  return result;
}

}  // namespace

// "<offset> <image>\t<symbol>\n"
void NoteImages(absl::Span<const uint64_t> frames, CrashNotes& notes) {
  for (uint64_t frame : frames) {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(frame), &info) == 0) info = {};
    AppendHex(frame - reinterpret_cast<uint64_t>(info.dli_fbase), notes);
    notes.Append(" ", 1);
    if (info.dli_fname != nullptr) notes.Append(info.dli_fname, std::strlen(info.dli_fname));
    notes.Append("\t", 1);
    if (info.dli_sname != nullptr) notes.Append(info.dli_sname, std::strlen(info.dli_sname));
    notes.Append("\n", 1);
  }
}

std::vector<std::string> NameFrames(absl::Span<const uint64_t> frames, absl::string_view notes) {
  const std::vector<std::string> told = absl::StrSplit(notes, '\n');
  std::vector<std::string> lines;
  for (size_t i = 0; i < frames.size(); ++i) {
    const std::string line = i < told.size() ? told[i] : "";
    const size_t tab = line.find('\t');
    if (tab == std::string::npos || tab < 17 || line[16] != ' ') {
      lines.push_back(absl::StrFormat("%#x", frames[i]));
      continue;
    }
    const std::string image = line.substr(17, tab - 17);
    const size_t digit = line.substr(0, 15).find_first_not_of('0');
    const std::string place = absl::StrCat(image.substr(image.rfind('/') + 1), "+0x",
                                           line.substr(digit == std::string::npos ? 15 : digit,
                                                       16 - (digit == std::string::npos ? 15 : digit)));
    const std::string symbol = line.substr(tab + 1);
    lines.push_back(symbol.empty() ? place : absl::StrCat(Demangled(symbol), " (", place, ")"));
  }
  return lines;
}

bool IsStackOverflow(uint64_t address, const void* context) {
  constexpr uint64_t kNear = 64 << 10;
  const auto* const machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  const uint64_t stack = machine->__ss.__rsp;
#else
  const uint64_t stack = machine->__ss.__sp;
#endif
  return address != 0 && address + kNear > stack && address < stack + kNear;
}

}  // namespace progeny::platform
