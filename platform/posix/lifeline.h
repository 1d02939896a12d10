// How a child's life is bound to its parent's, without a thread where the kernel allows it.
//
// One pipe per process, never written to: its only write end is in the parent, so its end of file
// means that the parent is gone, however it went. Every child gets a read end of its own.
// See linux/lifeline.cc and macos/lifeline.cc for the kernels' parts and the races.
#ifndef PROGENY_PLATFORM_POSIX_LIFELINE_H_
#define PROGENY_PLATFORM_POSIX_LIFELINE_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "platform/handle.h"
#include "platform/posix/slot_words.h"

namespace progeny::platform {

// The parent's part of one child's lifeline; kept until the child has been reaped.
struct LifelineReader {
  Handle reader;        // goes to the child as well
  int write_end = -1;   // borrowed: a forked child closes it first of all
};

absl::StatusOr<LifelineReader> OpenLifeline();

// In the parent, for a child that execs: binds it before any code of its own has run. macOS can't:
// there a child is bound from its guard on.
void BindChild(const Handle& reader, pid_t child);

// In the child: binds this process, or ends it if the parent is already gone. Async-signal-safe on
// Linux; starts a thread on macOS, which reads `words` for as long as the process lives. Does not
// return an error, as there is nobody left to be told.
void BindSelf(int reader, SlotWords& words);

// In the parent: lets the child outlive it.
void Unbind(const Handle& reader, SlotWords& words);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_LIFELINE_H_
