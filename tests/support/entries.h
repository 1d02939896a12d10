// Entries that many tests start, and the words parent and child exchange over a pipe.
#ifndef PROGENY_TESTS_SUPPORT_ENTRIES_H_
#define PROGENY_TESTS_SUPPORT_ENTRIES_H_

#include <cstdio>
#include <string>

#include "absl/time/clock.h"
#include "progeny/stdio.h"
#include "progeny/this_process.h"
#include "support/exit_codes.h"
#include "support/wait_until.h"

namespace progeny::tests {

inline int ExitWith(int code) { return code; }

inline void Say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// Says "ready", then runs until it is asked to stop.
inline int StayUntilStopped() {
  Say("ready");
  return WaitUntil(&this_process::StopRequested, 2 * kPatience) ? kDone : kNobodyStoppedMe;
}

// Says "ready", then runs until it is ended from outside.
inline int StayUntilEnded() {
  Say("ready");
  absl::SleepFor(2 * kPatience);
  return kNobodyEndedMe;
}

// The next line of a child's output, without its end; what came so far when the stream ends.
inline std::string ReadLine(Stream* stream) {
  std::string line;
  char next = 0;
  while (stream != nullptr) {
    const absl::StatusOr<size_t> got = stream->Read(absl::MakeSpan(&next, 1), kPatience);
    if (!got.ok() || *got == 0 || next == '\n') break;
    if (next != '\r') line += next;
  }
  return line;
}

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_ENTRIES_H_
