// Text of strangers for a terminal: names of processes may hold anything, escape sequences
// included.
#ifndef PROGENY_INTERNAL_PRINTABLE_H_
#define PROGENY_INTERNAL_PRINTABLE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace progeny::internal {

enum class Padding { kNone, kRight };

// Control characters become '?', and so do bytes beyond ASCII: how wide a terminal shows them is
// anybody's guess. Cut to `width` columns, the cut shown by "...", or filled up with blanks.
std::string Printable(absl::string_view text, size_t width, Padding padding = Padding::kRight);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_PRINTABLE_H_
