// What a re-executed child finds, and where.
//
// A payload of up to kInlinePayload bytes lies in the slot, behind the seam's words: it costs
// neither a file nor a system call more. A larger one lies in a sealed file of its own.
#ifndef PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_
#define PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_

#include <cstddef>
#include <cstdint>

namespace progeny::platform {

inline constexpr size_t kInlinePayload = 896;

// Descriptors of a re-executed child, in the order in which they are passed. Behind them: the
// payload's file, the exit pipe, what is attached; each only if there is one.
inline constexpr int kSlotDescriptor = 3;
inline constexpr int kLifelineDescriptor = 4;
inline constexpr int kFirstOptionalDescriptor = 5;

// At the very start of the slot. `magic` is cleared when the hand-over is taken.
struct HandOverHeader {
  static constexpr uint64_t kMagic = 0x316e65676f7270ULL;  // "progen1"
  uint64_t magic;
  uint64_t payload_size;
  uint32_t exit_pipes;      // 1 where there are no process handles, else 0
  uint32_t attached_count;  // the caller's
  uint32_t check;

  uint32_t Sum() const {
    const uint64_t counts = exit_pipes + (static_cast<uint64_t>(attached_count) << 8U);
    const uint64_t mixed = (magic ^ payload_size * 0x9E3779B97F4A7C15ULL) + counts;
    return static_cast<uint32_t>(mixed ^ (mixed >> 32U));
  }
  bool Valid() const { return magic == kMagic && exit_pipes <= 1 && check == Sum(); }

  bool has_file() const { return payload_size > kInlinePayload; }
  int ExitPipeDescriptor() const { return kFirstOptionalDescriptor + (has_file() ? 1 : 0); }
  int FirstAttached() const { return ExitPipeDescriptor() + static_cast<int>(exit_pipes); }
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_HAND_OVER_HEADER_H_
