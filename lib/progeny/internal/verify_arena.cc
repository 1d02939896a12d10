#include "progeny/internal/verify_arena.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/mapped_regions.h"

namespace progeny::internal {
namespace {

constexpr size_t kToldOffsets = 4;

// Numbers below look like addresses only in programs that are linked to a fixed address, where such
// an address is good in every process.
constexpr uint64_t kLowest = uint64_t{4} << 30;
// Nobody's data: a sanitizer's shadow.
constexpr uint64_t kLargest = uint64_t{1} << 40;

// What a word must not point into, ascending.
std::vector<platform::MappedRegion> Foreign(std::vector<platform::MappedRegion> regions,
                                            absl::Span<const std::byte> own) {
  const auto first = reinterpret_cast<uint64_t>(own.data());
  const uint64_t last = first + own.size();
  std::vector<platform::MappedRegion> foreign;
  for (platform::MappedRegion& region : regions) {
    const bool is_own = region.first < last && region.last > first;
    if (is_own || region.first < kLowest || region.last - region.first > kLargest) continue;
    foreign.push_back(std::move(region));
  }
  return foreign;
}

const platform::MappedRegion* RegionOf(const std::vector<platform::MappedRegion>& regions, uint64_t address) {
  auto behind = std::upper_bound(regions.begin(), regions.end(), address,
                                 [](uint64_t value, const auto& region) { return value < region.first; });
  if (behind == regions.begin()) return nullptr;
  const platform::MappedRegion& region = *--behind;
  return address < region.last ? &region : nullptr;
}

absl::Status Told(size_t found, const std::string& places) {
  return absl::FailedPreconditionError(absl::StrCat(
      "verify an arena: ", found, found == 1 ? " word points" : " words point", " out of it:", places,
      found > kToldOffsets ? "; ..." : "",
      ". Children would find something else there, or nothing. Use std::pmr types with this arena's "
      "resource, give elements that hold some an allocator_type, and keep no virtual functions and no "
      "pointers to literals or functions"));
}

}  // namespace

absl::Status VerifyArena(absl::Span<const std::byte> content, absl::Span<const std::byte> own) {
  absl::StatusOr<std::vector<platform::MappedRegion>> all = platform::MappedRegions();
  if (!all.ok()) return all.status();
  const std::vector<platform::MappedRegion> foreign = Foreign(*std::move(all), own);
  if (foreign.empty()) return absl::OkStatus();
  const uint64_t first = foreign.front().first;
  const uint64_t width = foreign.back().last - first;
  size_t found = 0;
  std::string places;
  for (size_t at = 0; at + sizeof(uint64_t) <= content.size(); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, content.data() + at, sizeof word);
    if (word - first >= width) continue;
    const platform::MappedRegion* region = RegionOf(foreign, word);
    if (region == nullptr) continue;
    if (found++ < kToldOffsets) {
      absl::StrAppendFormat(&places, "%s at offset %u to 0x%x (%s)", found == 1 ? "" : ",", at, word, region->what);
    }
  }
  return found == 0 ? absl::OkStatus() : Told(found, places);
}

}  // namespace progeny::internal
