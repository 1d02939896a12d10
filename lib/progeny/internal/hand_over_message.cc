#include "progeny/internal/hand_over_message.h"

#include "progeny/codec.h"

namespace progeny::internal {

absl::Status EncodeHandOver(const HandOverMessage& message, std::vector<std::byte>& out) {
  return detail::EncodeTo(out, message);
}

absl::StatusOr<DecodedHandOver> DecodeHandOver(absl::Span<const std::byte> bytes) {
  detail::ByteReader reader(bytes);
  absl::StatusOr<HandOverMessage> message = detail::DecodeOne<HandOverMessage>(reader);
  if (!message.ok()) return message.status();
  return DecodedHandOver{*std::move(message), bytes.subspan(reader.offset())};
}

}  // namespace progeny::internal
