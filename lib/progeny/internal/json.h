// Writing JSON: nobody here reads it.
#ifndef PROGENY_INTERNAL_JSON_H_
#define PROGENY_INTERNAL_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace progeny::internal {

// A JSON string. Bytes that are no UTF-8 become U+FFFD. '<', '>' and '&' are escaped: inside of an
// HTML script element no text can end it, or begin a comment.
std::string JsonString(absl::string_view text);
// null when absent.
std::string JsonNumber(std::optional<int64_t> number);

// Members hold values that are JSON already; `between` stands after each comma.
using JsonMembers = std::vector<std::pair<absl::string_view, std::string>>;
std::string JsonObject(const JsonMembers& members, absl::string_view between = " ");
std::string JsonArray(const std::vector<std::string>& values, absl::string_view between = " ");

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_JSON_H_
