#include "platform/linux/elf_symbols.h"

#include <cxxabi.h>
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace progeny::platform {
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 30;  // of one table

template <class T>
bool ReadTable(int file, uint64_t offset, uint64_t bytes, std::vector<T>& table) {
  struct stat info {};
  if (fstat(file, &info) != 0 || bytes > kMostBytes) return false;
  const auto size = static_cast<uint64_t>(info.st_size);
  if (offset > size || bytes > size - offset) return false;
  table.resize(bytes / sizeof(T));
  const size_t wanted = table.size() * sizeof(T);
  return pread(file, table.data(), wanted, static_cast<off_t>(offset)) == static_cast<ssize_t>(wanted);
}

// The full table, or else the one that the loader needs, which holds exported functions only.
const ElfW(Shdr) * SymbolTable(const std::vector<ElfW(Shdr)>& sections) {
  for (const ElfW(Word) type : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (const ElfW(Shdr)& section : sections) {
      if (section.sh_type == type && section.sh_link < sections.size()) return &section;
    }
  }
  return nullptr;
}

std::string Demangled(const char* symbol) {
  int status = 0;
  char* const name = abi::__cxa_demangle(symbol, nullptr, nullptr, &status);
  std::string result = status == 0 && name != nullptr ? name : symbol;
  std::free(name);
  return result;
}

}  // namespace

ElfSymbols ElfSymbols::Read(int file) {
  ElfSymbols result;
  ElfW(Ehdr) header;
  if (pread(file, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_shentsize != sizeof(ElfW(Shdr)) ||
      header.e_phentsize != sizeof(ElfW(Phdr))) {
    return result;
  }
  std::vector<ElfW(Shdr)> sections;
  ReadTable(file, header.e_phoff, header.e_phnum * sizeof(ElfW(Phdr)), result.segments_);
  if (!ReadTable(file, header.e_shoff, header.e_shnum * sizeof(ElfW(Shdr)), sections)) return result;
  const ElfW(Shdr)* const table = SymbolTable(sections);
  if (table == nullptr) return result;
  const ElfW(Shdr)& names = sections[table->sh_link];
  if (!ReadTable(file, table->sh_offset, table->sh_size, result.symbols_) ||
      !ReadTable(file, names.sh_offset, names.sh_size, result.names_) || result.names_.empty()) {
    result.symbols_.clear();
    return result;
  }
  result.names_.back() = '\0';
  return result;
}

std::string ElfSymbols::FunctionAt(uint64_t offset) const {
  std::optional<uint64_t> address;
  for (const ElfW(Phdr)& segment : segments_) {
    if (segment.p_type != PT_LOAD || offset < segment.p_offset) continue;
    if (offset - segment.p_offset < segment.p_filesz) address = offset - segment.p_offset + segment.p_vaddr;
  }
  if (!address) return "";
  for (const ElfW(Sym)& symbol : symbols_) {
    const auto type = symbol.st_info & 0xf;
    if ((type != STT_FUNC && type != STT_GNU_IFUNC) || symbol.st_shndx == SHN_UNDEF) continue;
    if (*address < symbol.st_value || *address - symbol.st_value >= std::max<uint64_t>(symbol.st_size, 1)) continue;
    if (symbol.st_name < names_.size()) return Demangled(names_.data() + symbol.st_name);
  }
  return "";
}

}  // namespace progeny::platform
