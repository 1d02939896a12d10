#include "platform/posix/cxx_streams.h"

#include <iostream>
#include <streambuf>

namespace progeny::platform {
namespace {

// Looks at a stream buffer's pending output without calling sync(), which would lock stdio.
template <class Buffer>
struct Peek : Buffer {
  static bool HasOutput(const Buffer& buffer) {
    return (buffer.*&Peek::pptr)() != (buffer.*&Peek::pbase)();
  }
};

template <class Char>
void FlushIfPending(std::basic_ostream<Char>& stream) {
  const auto* buffer = stream.rdbuf();
  if (buffer != nullptr && Peek<std::basic_streambuf<Char>>::HasOutput(*buffer)) stream.flush();
}

}  // namespace

void FlushCxxStreams() {
  FlushIfPending(std::cout);
  FlushIfPending(std::clog);
  FlushIfPending(std::wcout);
  FlushIfPending(std::wclog);
}

}  // namespace progeny::platform
