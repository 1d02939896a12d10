// The C and C++ standard streams around a fork.
//
// Race: a thread may sit in getchar() or in a blocked write, holding a stream's lock. So nothing
// here ever waits for such a lock in the parent: what can't be flushed at once stays in the
// parent's buffer, and the child throws its copy of it away.
#ifndef PROGENY_PLATFORM_POSIX_STDIO_BUFFERS_H_
#define PROGENY_PLATFORM_POSIX_STDIO_BUFFERS_H_

#include <string>
#include <vector>

namespace progeny::platform {

// In the parent, before fork: so that its output so far stands before the child's.
void FlushBeforeFork();

// Names of the output streams whose buffers hold something, for people to read. `all`: not only the
// standard ones; then no other thread may be closing a stream meanwhile.
std::vector<std::string> StreamsWithOutput(bool all);

// In the child, first of all: drops what the parent had not flushed.
void DiscardInheritedOutput();

// In the child, last of all: writes what the child itself has put into its streams.
void FlushOwnOutput();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_STDIO_BUFFERS_H_
