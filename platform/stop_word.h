// How a parent's request to stop wakes those in the child who wait for it.
//
// The request itself is a word of the slot that both share, 0 until it comes; it belongs to the
// caller, who sets it and then calls ChildHandle::WakeForStop. Here is the child's side.
//
//   Linux    a futex on that word: woken at once
//   Windows  an event that the child's own thread listens to, which wakes the waiters: at once
//   macOS    from 14.4 on the word itself, woken at once; before, the word is looked at every 10 ms
#ifndef PROGENY_PLATFORM_STOP_WORD_H_
#define PROGENY_PLATFORM_STOP_WORD_H_

#include <atomic>
#include <cstdint>

#include "platform/deadline.h"

namespace progeny::platform {

// Sleeps until `word` is not 0: true; or until the deadline has passed: false. From any thread, from
// many at once. `word` may also be one that nobody ever sets.
bool AwaitStopWord(const std::atomic<uint32_t>& word, Deadline deadline);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_STOP_WORD_H_
