// The page: its parts are files of internal/memory_page/, which the build turns into strings,
// around the record as JSON. JSON and not markup: the figures shown are the figures told, and names
// can't become elements (json.h).
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "progeny/internal/memory_page.h"
#include "progeny/memory_report.h"

namespace progeny {

std::string MemoryRecord::ToHtml() const {
  return absl::StrCat(internal::MemoryPagePart("begin.html"), "<style>\n",
                      internal::MemoryPagePart("page.css"), "</style>\n",
                      internal::MemoryPagePart("body.html"),
                      "<script type=\"application/json\" id=\"record\">\n", ToJson(),
                      "</script>\n<script>\n", internal::MemoryPagePart("chart.js"),
                      internal::MemoryPagePart("page.js"), "</script>\n</body>\n</html>\n");
}

absl::Status MemoryRecord::SaveHtml(const std::string& path) const {
  std::ofstream file(std::filesystem::path(std::u8string(path.begin(), path.end())),
                     std::ios::binary | std::ios::trunc);
  if (file) file << ToHtml() << std::flush;
  if (file) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("write the report '", path, "': ", std::generic_category().message(errno)));
}

}  // namespace progeny
