// The fixed parts of a memory report's page, made at build time from internal/memory_page/*.
#ifndef PROGENY_INTERNAL_MEMORY_PAGE_H_
#define PROGENY_INTERNAL_MEMORY_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace progeny::internal {

// By file name; "" for what there isn't.
std::string MemoryPagePart(absl::string_view name);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_MEMORY_PAGE_H_
