// What a child has to say at its end, in bytes: its value, or the status that stands for it.
#ifndef PROGENY_INTERNAL_ANSWER_H_
#define PROGENY_INTERNAL_ANSWER_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "progeny/detail/entry.h"

namespace progeny::internal {

// A status wins over the value.
std::vector<std::byte> EncodeAnswer(const detail::EntryOutcome& outcome);

// The value's bytes, or the status (payloads and all) that the child's code has ended with.
absl::StatusOr<std::vector<std::byte>> DecodeAnswer(std::vector<std::byte> answer);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_ANSWER_H_
