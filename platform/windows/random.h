// Numbers that another process can't guess.
#ifndef PROGENY_PLATFORM_WINDOWS_RANDOM_H_
#define PROGENY_PLATFORM_WINDOWS_RANDOM_H_

#include <cstdint>

namespace progeny::platform {

// Thread-safe.
uint64_t RandomWord();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_RANDOM_H_
