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
bool IsPending(const std::basic_ostream<Char>& stream) {
  const auto* buffer = stream.rdbuf();
  return buffer != nullptr && Peek<std::basic_streambuf<Char>>::HasOutput(*buffer);
}

template <class Char>
void FlushIfPending(std::basic_ostream<Char>& stream) {
  if (IsPending(stream)) stream.flush();
}

}  // namespace

void FlushCxxStreams() {
  FlushIfPending(std::cout);
  FlushIfPending(std::clog);
  FlushIfPending(std::wcout);
  FlushIfPending(std::wclog);
}

void AppendCxxStreamsWithOutput(std::vector<std::string>& names) {
  if (IsPending(std::cout)) names.push_back("std::cout");
  if (IsPending(std::clog)) names.push_back("std::clog");
  if (IsPending(std::wcout)) names.push_back("std::wcout");
  if (IsPending(std::wclog)) names.push_back("std::wclog");
}

}  // namespace progeny::platform
