#include "platform/posix/stdio_buffers.h"

#include <stdio.h>
#include <stdio_ext.h>

#include <iostream>
#include <streambuf>

// glibc's list of all open FILEs, exported for its own stdio in other libraries; weak, so that
// another libc links too.
extern "C" [[gnu::weak]] struct _IO_FILE_plus* _IO_list_all;

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

void FlushCxxStreams() {
  FlushIfPending(std::cout);
  FlushIfPending(std::clog);
  FlushIfPending(std::wcout);
  FlushIfPending(std::wclog);
}

void FlushUnlessBusy(FILE* stream) {
  if (__fpending(stream) == 0) return;  // 5 us cheaper than a flush of nothing
  if (ftrylockfile(stream) != 0) return;
  fflush_unlocked(stream);
  funlockfile(stream);
}

}  // namespace

void FlushBeforeFork() {
  FlushCxxStreams();
  FlushUnlessBusy(stdout);
  FlushUnlessBusy(stderr);
}

void DiscardInheritedOutput() {
  // Alone in this process, and fork() has reset the locks: the list can be walked.
  if (&_IO_list_all != nullptr) {
    for (FILE* f = reinterpret_cast<FILE*>(_IO_list_all); f != nullptr;
         f = reinterpret_cast<FILE*>(f->_chain)) {
      if (__fpending(f) != 0) __fpurge(f);
    }
    return;
  }
  if (__fpending(stdout) != 0) __fpurge(stdout);
  if (__fpending(stderr) != 0) __fpurge(stderr);
}

void FlushOwnOutput() {
  FlushCxxStreams();
  if (&_IO_list_all != nullptr) {
    fflush(nullptr);
    return;
  }
  fflush(stdout);
  fflush(stderr);
}

}  // namespace progeny::platform
