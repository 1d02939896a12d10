// The listening thread's half of platform/stop_word.h, in the child.
#ifndef PROGENY_PLATFORM_WINDOWS_STOP_WORD_H_
#define PROGENY_PLATFORM_WINDOWS_STOP_WORD_H_

namespace progeny::platform {

// Wakes all of this process's threads that wait for their word; they look at it again.
void WakeStopWaitersHere();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_STOP_WORD_H_
