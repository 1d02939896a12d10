// The functions that an ELF file names. Abseil's symboliser could tell them as well, but only of images
// that this process has loaded, and it keeps every file open ever after, for programs to inherit.
#ifndef PROGENY_PLATFORM_LINUX_ELF_SYMBOLS_H_
#define PROGENY_PLATFORM_LINUX_ELF_SYMBOLS_H_

#include <link.h>

#include <cstdint>
#include <string>
#include <vector>

namespace progeny::platform {

// Reads the whole table; the file may change or end anywhere meanwhile, and is not kept open.
class ElfSymbols {
 public:
  // Without symbols where there are none, or the file isn't of this machine's kind.
  static ElfSymbols Read(int file);

  // The function, demangled, that holds the byte at `offset` of the file; "" if none is known.
  std::string FunctionAt(uint64_t offset) const;

 private:
  std::vector<ElfW(Phdr)> segments_;
  std::vector<ElfW(Sym)> symbols_;
  std::vector<char> names_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_ELF_SYMBOLS_H_
