#include "progeny/internal/json.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace progeny::internal {
namespace {

struct Range {
  unsigned char low, high;
  bool Holds(char c) const {
    return static_cast<unsigned char>(c) >= low && static_cast<unsigned char>(c) <= high;
  }
};

// The length of the well-formed character beyond ASCII that `text` begins with; 0: there is none.
// Table 3-7 of the Unicode standard: no over-long forms, no surrogates, nothing above U+10FFFF.
size_t CharacterLength(absl::string_view text) {
  const unsigned char lead = static_cast<unsigned char>(text[0]);
  size_t length = 0;
  Range second{0x80, 0xBF};
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (lead == 0xE0) second.low = 0xA0;
  if (lead == 0xED) second.high = 0x9F;
  if (lead == 0xF0) second.low = 0x90;
  if (lead == 0xF4) second.high = 0x8F;
  if (length == 0 || text.size() < length || !second.Holds(text[1])) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!Range{0x80, 0xBF}.Holds(text[i])) return 0;
  }
  return length;
}

void AppendAscii(std::string& out, char c) {
  if (c == '"' || c == '\\') {
    out += {'\\', c};
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '<' || c == '>' || c == '&' || static_cast<unsigned char>(c) < 0x20 ||
             c == 0x7F) {
    absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

std::string Between(absl::string_view between) { return absl::StrCat(",", between); }

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    size_t length = 1;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      AppendAscii(out, text[0]);
    } else if (const size_t known = CharacterLength(text); known > 0) {
      length = known;
      absl::StrAppend(&out, text.substr(0, length));
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(length);
  }
  return out + "\"";
}

std::string JsonNumber(std::optional<int64_t> number) {
  return number.has_value() ? absl::StrCat(*number) : "null";
}

std::string JsonObject(const JsonMembers& members, absl::string_view between) {
  const auto format = [](std::string* out, const auto& member) {
    absl::StrAppend(out, JsonString(member.first), ": ", member.second);
  };
  return absl::StrCat("{", absl::StrJoin(members, Between(between), format), "}");
}

std::string JsonArray(const std::vector<std::string>& values, absl::string_view between) {
  return absl::StrCat("[", absl::StrJoin(values, Between(between)), "]");
}

}  // namespace progeny::internal
