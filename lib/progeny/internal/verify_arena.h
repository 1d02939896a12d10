// Looks for words in an arena that are addresses of something outside of it.
#ifndef PROGENY_INTERNAL_VERIFY_ARENA_H_
#define PROGENY_INTERNAL_VERIFY_ARENA_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace progeny::internal {

// `content` is what is looked at, `own` the addresses that may stand in it. FailedPrecondition names
// the first offsets, and what lies where they point to.
absl::Status VerifyArena(absl::Span<const std::byte> content, absl::Span<const std::byte> own);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_VERIFY_ARENA_H_
