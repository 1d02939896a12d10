// What stands before the payload in a hand-over file.
#ifndef PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_
#define PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_

#include <cstdint>

namespace progeny::platform {

struct HandOverHeader {
  static constexpr uint64_t kMagic = 0x316e65676f7270ULL;  // "progen1"
  uint64_t magic = kMagic;
  uint64_t payload_size = 0;
  uint32_t handle_count = 0;    // the launch's own descriptors, this file included
  uint32_t attached_count = 0;  // the caller's: they stand behind the launch's own
  uint32_t check = 0;
  uint32_t unused = 0;

  uint32_t Sum() const {
    const uint64_t counts = handle_count + (static_cast<uint64_t>(attached_count) << 8U);
    const uint64_t mixed = (magic ^ payload_size * 0x9E3779B97F4A7C15ULL) + counts;
    return static_cast<uint32_t>(mixed ^ (mixed >> 32U));
  }
  bool Valid() const { return magic == kMagic && check == Sum(); }
};

// Descriptors of a re-executed child, in the order in which they are passed.
inline constexpr int kHandOverDescriptor = 3;
inline constexpr int kSlotDescriptor = 4;
inline constexpr int kLifelineDescriptor = 5;
inline constexpr int kExitPipeDescriptor = 6;  // only where there are no process handles

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_
