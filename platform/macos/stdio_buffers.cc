// FILE is a public struct here, as its macros once needed: pending output is what lies between the
// buffer's start and the current position.
//
// Race: unlike glibc, fork() does not reset the locks of streams. In a child, one that another
// thread of the parent held stays locked for ever: a getchar() in the parent must not hang the
// child. So dropping takes no lock, and flushing skips a stream that is locked.
#include "platform/posix/stdio_buffers.h"

#include <stdio.h>

#include "absl/strings/str_cat.h"
#include "platform/posix/cxx_streams.h"

// The walk over all open streams that fflush(nullptr) makes; exported, though no header has it.
// Weak: without it only the standard streams are seen to.
extern "C" [[gnu::weak]] int _fwalk(int (*visit)(FILE*));

namespace progeny::platform {
namespace {

bool HasOutput(const FILE& stream) {
  return (stream._flags & __SWR) != 0 && stream._bf._base != nullptr &&
         stream._p != stream._bf._base;
}

int FlushUnlessBusy(FILE* stream) {
  if (!HasOutput(*stream) || ftrylockfile(stream) != 0) return 0;
  fflush(stream);
  funlockfile(stream);
  return 0;
}

// What fpurge does, without its lock.
int DropOutput(FILE* stream) {
  if (!HasOutput(*stream)) return 0;
  stream->_p = stream->_bf._base;
  stream->_w = (stream->_flags & (__SLBF | __SNBF)) != 0 ? 0 : stream->_bf._size;
  return 0;
}

void ForEachStream(int (*visit)(FILE*)) {
  if (_fwalk != nullptr) {
    _fwalk(visit);
    return;
  }
  visit(stdout);
  visit(stderr);
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
  if (HasOutput(*stdout)) names.push_back("stdout");
  if (HasOutput(*stderr)) names.push_back("stderr");
  if (!all || _fwalk == nullptr) return names;
  static thread_local std::vector<std::string>* found = nullptr;  // the walk passes nothing on
  found = &names;
  _fwalk([](FILE* stream) {
    if (stream != stdout && stream != stderr && HasOutput(*stream)) {
      found->push_back(absl::StrCat("descriptor ", stream->_file));
    }
    return 0;
  });
  return names;
}

void DiscardInheritedOutput() { ForEachStream(&DropOutput); }

void FlushOwnOutput() {
  FlushCxxStreams();
  ForEachStream(&FlushUnlessBusy);
}

}  // namespace progeny::platform
