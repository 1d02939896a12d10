#include "progeny/internal/printable.h"

#include "absl/strings/ascii.h"

namespace progeny::internal {

std::string Printable(absl::string_view text, size_t width, Padding padding) {
  constexpr absl::string_view kCut = "...";
  const bool cut = text.size() > width;
  if (cut) text = text.substr(0, width > kCut.size() ? width - kCut.size() : width);
  std::string plain;
  for (const char c : text) {
    plain += absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  }
  if (cut && width > kCut.size()) plain.append(kCut);
  if (padding == Padding::kRight && plain.size() < width) plain.append(width - plain.size(), ' ');
  return plain;
}

}  // namespace progeny::internal
