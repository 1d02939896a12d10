// What a fork of this process would lose, double or pay for: facts for people to decide by.
//
// Each function looks at this process as it is at that moment, while other threads may change it.
// What a system can't tell is left out, never made up. Where Capabilities().fork is false all of it
// is empty. Thread-safe.
#ifndef PROGENY_PLATFORM_FORK_RISKS_H_
#define PROGENY_PLATFORM_FORK_RISKS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace progeny::platform {

// Whether OtherThreads() (fork_child.h) would name any. Cheap enough for every start: a word of
// libc's in a process that has made no thread, else about a microsecond.
bool HasOtherThreads();

// Paths of the shared libraries that are loaded, as the loader knows them.
std::vector<std::string> LoadedLibraries();

// Output streams of C and C++ whose buffers hold something: "stdout", "std::cout", "descriptor 5".
// Other streams of C than the standard ones are looked at only while no other thread runs.
std::vector<std::string> UnflushedStreams();

struct OpenDescriptor {
  int number = -1;
  std::string what;  // a path, "socket:[123]"; empty where it isn't told
};
// Those that a program would inherit which a child execs, but for the standard streams.
std::vector<OpenDescriptor> DescriptorsKeptOverExec();

struct ForkedMemory {
  std::optional<int64_t> resident;  // bytes
  // Bytes of private memory whose page tables a fork copies.
  std::optional<int64_t> copied_tables_for;
  // When the kernel makes huge pages by itself: "always", "madvise", "never"; "" where not told.
  std::string huge_pages;
};
ForkedMemory MemoryBeforeFork();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_FORK_RISKS_H_
