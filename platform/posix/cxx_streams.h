// The standard streams of C++ around a fork (stdio_buffers.h has the C half).
#ifndef PROGENY_PLATFORM_POSIX_CXX_STREAMS_H_
#define PROGENY_PLATFORM_POSIX_CXX_STREAMS_H_

#include <string>
#include <vector>

namespace progeny::platform {

// Flushes those that hold output; touches no lock of stdio's where there is none to flush.
void FlushCxxStreams();

// "std::cout" and the like, those that hold output.
void AppendCxxStreamsWithOutput(std::vector<std::string>& names);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_CXX_STREAMS_H_
