#include "platform/mapped_regions.h"

#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace progeny::platform {
namespace {

// "55d0c0000000-55d0c0021000 r--p 00000000 fe:00 1234   /usr/bin/program", the last part with blanks.
bool Parse(const std::string& line, MappedRegion& region) {
  const size_t dash = line.find('-');
  const size_t blank = line.find(' ');
  if (dash == std::string::npos || blank == std::string::npos || dash > blank) return false;
  if (!absl::SimpleHexAtoi(line.substr(0, dash), &region.first) ||
      !absl::SimpleHexAtoi(line.substr(dash + 1, blank - dash - 1), &region.last)) {
    return false;
  }
  if (line.compare(blank + 1, 1, "r") != 0) return false;
  const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(absl::ByChar(' '), 5));
  const size_t name = parts.size() > 5 ? parts[5].find_first_not_of(' ') : std::string::npos;
  region.what = name == std::string::npos ? "memory of no file" : parts[5].substr(name);
  if (region.what == "[heap]") region.what = "the heap";
  if (absl::StartsWith(region.what, "[stack")) region.what = "a stack";
  return true;
}

}  // namespace

absl::StatusOr<std::vector<MappedRegion>> MappedRegions() {
  std::ifstream file("/proc/self/maps");
  if (!file) return absl::UnavailableError("list mapped memory: /proc/self/maps can't be read");
  std::vector<MappedRegion> regions;
  for (std::string line; std::getline(file, line);) {
    MappedRegion region;
    if (Parse(line, region)) regions.push_back(std::move(region));
  }
  return regions;
}

}  // namespace progeny::platform
