#include "progeny/internal/pool/slabs.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "absl/strings/str_cat.h"

namespace progeny::internal {
namespace {

constexpr size_t kAreaBytes = size_t{1} << 40;  // at most

}  // namespace

Slabs::Slabs(platform::SharedRegion& region, SlabWords& words, Direction direction)
    : region_(region), words_(words), direction_(direction), in_place_(platform::MappedArea::CanMap(region)) {}

platform::SharedRegion::Area Slabs::AreaOf(uint32_t slab) const {
  using Area = platform::SharedRegion::Area;
  if (direction_ == Direction::kDown) return slab == 0 ? Area::kFirst : Area::kThird;
  return slab == 0 ? Area::kSecond : Area::kFourth;
}

std::optional<Slabs::Taken> Slabs::Take() {
  for (uint32_t slab = 0; slab < (in_place_ ? kSlabs : 1); ++slab) {
    if (held_.at(slab) || words_.used_by[slab].load(std::memory_order_acquire) != 0) continue;
    const uint64_t number = words_.last.fetch_add(1, std::memory_order_relaxed) + 1;
    uint64_t free = 0;
    // The pool may want it as well, to trim it.
    if (words_.used_by[slab].compare_exchange_strong(free, number)) return Taken{slab, number};
  }
  return std::nullopt;
}

absl::StatusOr<absl::Span<std::byte>> Slabs::Room(uint32_t slab, size_t bytes) {
  platform::MappedArea& mapped = mapped_[slab];
  const uint32_t trims = words_.trims[slab].load(std::memory_order_relaxed);
  if (std::exchange(trims_[slab], trims) != trims) reserved_[slab] = 0;
  if (absl::Status there = mapped.Reserve(region_, AreaOf(slab), bytes, reserved_[slab]); !there.ok()) return there;
  reserved_[slab] = mapped.size();
  return absl::MakeSpan(mapped.data(), bytes);
}

absl::Status Slabs::Write(const Spot& spot, absl::Span<const std::byte> bytes) {
  if (!in_place_) return region_.WriteArea(AreaOf(spot.slab), bytes);
  absl::StatusOr<absl::Span<std::byte>> room = Room(spot.slab, spot.offset + bytes.size());
  if (!room.ok()) return room.status();
  std::memcpy(room->data() + spot.offset, bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::StatusOr<absl::Span<const std::byte>> Slabs::Show(const Place& place, Reading reading) {
  platform::MappedArea& mapped = mapped_[place.slab];
  const size_t whole = std::max(place.whole, place.size);
  if (place.offset > whole || whole - place.offset < place.size) {
    return absl::DataLossError("a message in shared memory ends behind its end");
  }
  if (reading == Reading::kUnderWay && whole > mapped.size()) {
    return absl::DataLossError("a message in shared memory has grown");
  }
  if (absl::Status shown = mapped.Show(region_, AreaOf(place.slab), whole); !shown.ok()) return shown;
  return absl::MakeConstSpan(mapped.data() + place.offset, place.size);
}

absl::StatusOr<std::vector<std::byte>> Slabs::Copy(const Place& place, Reading reading, std::vector<std::byte> reused) {
  if (!in_place_) {
    absl::StatusOr<std::vector<std::byte>> read = region_.ReadArea(AreaOf(place.slab), place.size, std::move(reused));
    if (place.size > kKeptSlabBytes) region_.ReleaseArea(AreaOf(place.slab), place.size);
    return read;
  }
  const absl::StatusOr<absl::Span<const std::byte>> shown = Show(place, reading);
  if (!shown.ok()) return shown.status();
  try {
    reused.assign(shown->begin(), shown->end());
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrCat("read ", place.size, " bytes of shared memory: out of memory"));
  }
  return reused;
}

void Slabs::Trim() {
  for (uint32_t slab = 0; in_place_ && slab < kSlabs; ++slab) {
    if (held_.at(slab) || mapped_[slab].size() <= kKeptSlabBytes) continue;
    uint64_t free = 0;
    if (!words_.used_by[slab].compare_exchange_strong(free, ~uint64_t{0})) continue;
    region_.ReleaseArea(AreaOf(slab), kAreaBytes);  // its writer may have reserved more than we have seen
    words_.trims[slab].fetch_add(1, std::memory_order_relaxed);
    mapped_[slab] = {};
    words_.used_by[slab].store(0, std::memory_order_release);
  }
}

}  // namespace progeny::internal
