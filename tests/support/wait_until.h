// Waiting for a condition, never for a time.
#ifndef PROGENY_TESTS_SUPPORT_WAIT_UNTIL_H_
#define PROGENY_TESTS_SUPPORT_WAIT_UNTIL_H_

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"

namespace progeny::tests {

// What a test grants anything that must happen: long, because machines are busy.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// Asks until `condition` is true; false once `patience` has passed.
bool WaitUntil(absl::FunctionRef<bool()> condition, absl::Duration patience = kPatience);

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_WAIT_UNTIL_H_
