// What stands before the payload in a hand-over file.
#ifndef PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_
#define PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_

#include <bit>
#include <cstdint>

namespace progeny::platform {

struct HandOverHeader {
  static constexpr uint64_t kMagic = 0x316e65676f7270ULL;  // "progen1"
  uint64_t magic = kMagic;
  uint64_t payload_size = 0;
  uint8_t own_count = 0;         // descriptors of the seam's own, this file included
  uint8_t attachment_count = 0;  // asked for by the caller; they follow in the order of their bits
  uint16_t attached = 0;         // a bit for each of them that there is
  uint32_t check = 0;

  int DescriptorCount() const { return own_count + std::popcount(attached); }

  uint32_t Sum() const {
    const uint64_t counts = uint64_t{own_count} << 24U | uint64_t{attachment_count} << 16U | attached;
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
inline constexpr int kMostOwnDescriptors = 4;  // attachments follow the last one that there is

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_
