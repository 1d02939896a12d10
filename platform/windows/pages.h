#ifndef PROGENY_PLATFORM_WINDOWS_PAGES_H_
#define PROGENY_PLATFORM_WINDOWS_PAGES_H_

#include <cstdint>

namespace progeny::platform {

// Of x86-64 and ARM64 alike; what is mapped begins at multiples of 64 KiB.
inline constexpr uint64_t kPage = 4096;

constexpr uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_PAGES_H_
