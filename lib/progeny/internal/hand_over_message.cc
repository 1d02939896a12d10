#include "progeny/internal/hand_over_message.h"

#include "progeny/codec.h"

namespace progeny::internal {
namespace {

constexpr size_t kUsualText = 64;
constexpr size_t kUsualPath = 256;

}  // namespace

absl::Status EncodeHandOver(const HandOverMessage& message, std::vector<std::byte>& out) {
  return detail::EncodeTo(out, message);
}

absl::StatusOr<DecodedHandOver> DecodeHandOver(absl::Span<const std::byte> bytes) {
  DecodedHandOver decoded;
  if (absl::Status status = DecodeHandOver(bytes, decoded); !status.ok()) return status;
  return decoded;
}

absl::Status DecodeHandOver(absl::Span<const std::byte> bytes, DecodedHandOver& into) {
  detail::ByteReader reader(bytes);
  if (absl::Status status = detail::DecodeFrom(reader, into.message); !status.ok()) return status;
  into.task = bytes.subspan(reader.offset());
  return absl::OkStatus();
}

void DecodedHandOver::Reserve() {
  Identity& identity = message.identity;
  for (std::string* text : {&identity.name, &identity.path, &identity.parent_name, &message.entry.build_id}) {
    text->reserve(kUsualText);
  }
  message.entry.path.reserve(kUsualPath);
}

}  // namespace progeny::internal
