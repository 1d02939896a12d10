// The parent's half of platform/stop_word.h.
#ifndef PROGENY_PLATFORM_POSIX_STOP_WORD_H_
#define PROGENY_PLATFORM_POSIX_STOP_WORD_H_

#include <atomic>
#include <cstdint>

namespace progeny::platform {

// Wakes all who wait for `word`, in whatever process. Cheap where nobody does.
void WakeStopWaiters(const std::atomic<uint32_t>& word);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_STOP_WORD_H_
