#include "platform/posix/stdio_buffers.h"

#include <stdio.h>
#include <stdio_ext.h>

#include "absl/strings/str_cat.h"
#include "platform/posix/cxx_streams.h"

// glibc's list of all open FILEs, exported for its own stdio in other libraries; weak, so that
// another libc links too.
extern "C" [[gnu::weak]] struct _IO_FILE_plus* _IO_list_all;

namespace progeny::platform {
namespace {

FILE* FirstOpenFile() { return reinterpret_cast<FILE*>(_IO_list_all); }
FILE* NextOpenFile(FILE* file) { return reinterpret_cast<FILE*>(file->_chain); }

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

std::vector<std::string> StreamsWithOutput(bool all) {
  std::vector<std::string> names;
  AppendCxxStreamsWithOutput(names);
  if (__fpending(stdout) != 0) names.push_back("stdout");
  if (__fpending(stderr) != 0) names.push_back("stderr");
  if (!all || &_IO_list_all == nullptr) return names;
  for (FILE* f = FirstOpenFile(); f != nullptr; f = NextOpenFile(f)) {
    if (f == stdout || f == stderr || __fpending(f) == 0) continue;
    names.push_back(absl::StrCat("descriptor ", fileno_unlocked(f)));
  }
  return names;
}

void DiscardInheritedOutput() {
  // Alone in this process, and fork() has reset the locks: the list can be walked.
  if (&_IO_list_all != nullptr) {
    for (FILE* f = FirstOpenFile(); f != nullptr; f = NextOpenFile(f)) {
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
    // fflush(nullptr) would lock each stream, and so copy pages that a child shares with its parent.
    for (FILE* f = FirstOpenFile(); f != nullptr; f = NextOpenFile(f)) {
      if (__fpending(f) != 0) {
        fflush(nullptr);
        return;
      }
    }
    return;
  }
  fflush(stdout);
  fflush(stderr);
}

}  // namespace progeny::platform
