// What a re-executed child finds: one section, named by the last argument of its command line.
//
//   ... --progeny-child=<handle, 16 hex digits>:<nonce, 16 hex digits>
//
// The section begins with the header below, the payload follows it, then the values of the attached
// handles in the child, eight bytes each. The nonce stands in both, so
// that neither a mistaken argument nor a recycled handle value is ever taken for a hand-over.
#ifndef PROGENY_PLATFORM_WINDOWS_HAND_OVER_H_
#define PROGENY_PLATFORM_WINDOWS_HAND_OVER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/handle.h"

namespace progeny::platform {

struct HandOverHeader {
  uint64_t magic = 0;
  uint64_t nonce = 0;
  uint64_t payload_size = 0;
  int64_t slot = kNoHandle;       // values in the child
  int64_t interrupt = kNoHandle;
  int64_t parent = kNoHandle;     // the process, to be waited for only
  uint64_t attached_count = 0;
  uint64_t check = 0;             // HandOverCheck of the rest
};
static_assert(sizeof(HandOverHeader) == 64);

inline constexpr uint64_t kHandOverMagic = 0x31796e65676f7270;  // "progeny1"

uint64_t HandOverCheck(const HandOverHeader& header);

// A section that holds `header`, completed, `payload` and the values of `attached`, ready to be
// inherited for reading.
absl::StatusOr<Handle> WriteHandOver(HandOverHeader header, absl::Span<const std::byte> payload,
                                     absl::Span<const Handle> attached);

// What is appended to the child's command line, leading space included.
std::wstring HandOverToken(NativeHandle section, uint64_t nonce);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_HAND_OVER_H_
