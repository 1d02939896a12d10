#include "progeny/internal/answer.h"

#include "progeny/codec.h"

namespace progeny::internal {
namespace {

enum class Kind : uint8_t { kValue = 1, kStatus = 2 };

}  // namespace

std::vector<std::byte> EncodeAnswer(const detail::EntryOutcome& outcome) {
  std::vector<std::byte> answer;
  if (outcome.status.ok()) {
    answer.reserve(outcome.value.size() + 1);
    answer.push_back(static_cast<std::byte>(Kind::kValue));
    answer.insert(answer.end(), outcome.value.begin(), outcome.value.end());
    return answer;
  }
  answer.push_back(static_cast<std::byte>(Kind::kStatus));
  // A status always encodes: its message and payloads are strings.
  (void)detail::EncodeTo(answer, outcome.status);
  return answer;
}

absl::StatusOr<std::vector<std::byte>> DecodeAnswer(std::vector<std::byte> answer) {
  if (answer.empty()) return absl::DataLossError("the child's answer is empty");
  const Kind kind = static_cast<Kind>(answer.front());
  answer.erase(answer.begin());
  if (kind == Kind::kValue) return answer;
  absl::Status told;
  detail::ByteReader reader(answer);
  const absl::Status decoded = detail::DecodeFrom(reader, told);
  if (kind != Kind::kStatus || !decoded.ok() || reader.left() != 0 || told.ok()) {
    return absl::DataLossError("the child's answer is garbled");
  }
  return told;
}

}  // namespace progeny::internal
