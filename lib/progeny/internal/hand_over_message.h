// What a re-executed child is told about itself and its work.
#ifndef PROGENY_INTERNAL_HAND_OVER_MESSAGE_H_
#define PROGENY_INTERNAL_HAND_OVER_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/image.h"
#include "platform/resource_limits.h"
#include "progeny/internal/self.h"

namespace progeny::internal {

// What a re-executed process is there for.
enum class Role : uint8_t { kWork, kForkServer };

// The codec carries it, member by member.
struct HandOverMessage {
  Identity identity;
  platform::ResourceLimits limits;
  platform::ImageAddress entry;  // of a fork server: its preload, if there is a build id
  Role role = Role::kWork;
  bool reports_crashes = true;
};

// The message, then the task's own bytes.
absl::Status EncodeHandOver(const HandOverMessage& message, std::vector<std::byte>& out);

struct DecodedHandOver {
  HandOverMessage message;
  absl::Span<const std::byte> task;  // of the bytes

  // Memory for a message of the usual size, so that decoding one asks for none.
  void Reserve();
};
absl::StatusOr<DecodedHandOver> DecodeHandOver(absl::Span<const std::byte> bytes);
// Into what is there already.
absl::Status DecodeHandOver(absl::Span<const std::byte> bytes, DecodedHandOver& into);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_HAND_OVER_MESSAGE_H_
