#include "platform/mapped_area.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/error.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace progeny::platform {
namespace {

// Small growth is common, mapping isn't free, and what is only mapped costs addresses.
constexpr size_t kUnit = 64 << 10;  // a multiple of the page

size_t RoundUp(size_t bytes) { return (bytes + kUnit - 1) / kUnit * kUnit; }

constexpr size_t kLargest = size_t{1} << 40;  // SharedRegion's areas lie so far apart

}  // namespace

MappedArea::MappedArea(MappedArea&& other) noexcept { *this = std::move(other); }

MappedArea& MappedArea::operator=(MappedArea&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

MappedArea::~MappedArea() {
  if (data_ != nullptr) munmap(data_, mapped_);
}

bool MappedArea::CanMap(const SharedRegion& region) {
  const int seals = fcntl(static_cast<int>(region.handle()), F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}

absl::Status MappedArea::Map(const SharedRegion& region, SharedRegion::Area area, size_t bytes, int access) {
  if (bytes <= mapped_) return absl::OkStatus();
  const size_t size = std::max(RoundUp(bytes), std::min(2 * mapped_, kLargest));
  void* const at = data_ != nullptr ? mremap(data_, mapped_, size, MREMAP_MAYMOVE)
                                    : mmap(nullptr, size, access, MAP_SHARED,
                                           static_cast<int>(region.handle()), static_cast<off_t>(region.AreaOffset(area)));
  if (at == MAP_FAILED) return LastOsError("map shared memory", "");
  data_ = static_cast<std::byte*>(at);
  mapped_ = size;
  return absl::OkStatus();
}

absl::Status MappedArea::Reserve(const SharedRegion& region, SharedRegion::Area area, size_t bytes, size_t reserved) {
  if (bytes > kLargest) return absl::ResourceExhaustedError(absl::StrCat("reserve ", bytes, " bytes of shared memory: an area holds 1 TiB at most"));
  if (bytes > reserved) {
    const uint64_t offset = region.AreaOffset(area);
    int failed = 0;
    do {
      failed = fallocate(static_cast<int>(region.handle()), 0, static_cast<off_t>(offset + reserved),
                         static_cast<off_t>(RoundUp(bytes) - reserved));
    } while (failed != 0 && errno == EINTR);
    if (failed != 0) return LastOsError("reserve shared memory", "");
  }
  if (absl::Status mapped = Map(region, area, bytes, PROT_READ | PROT_WRITE); !mapped.ok()) return mapped;
  const size_t touchable = std::max(RoundUp(bytes), reserved);
  // All at once costs a fraction of a fault per page; a kernel that can't does without.
  const size_t end = std::min(touchable, mapped_);
  const size_t begin = std::min(size_, reserved);
  if (end > begin && (bytes > size_ || bytes > reserved)) (void)madvise(data_ + begin, end - begin, MADV_POPULATE_WRITE);
  size_ = end;
  return absl::OkStatus();
}

absl::Status MappedArea::Show(const SharedRegion& region, SharedRegion::Area area, size_t bytes) {
  if (bytes <= size_) return absl::OkStatus();
  struct stat info {};
  if (fstat(static_cast<int>(region.handle()), &info) != 0) return LastOsError("map shared memory", "");
  // It grows only, so what is there now stays there.
  const uint64_t offset = region.AreaOffset(area);
  const auto end = static_cast<uint64_t>(info.st_size);
  const uint64_t there = end > offset ? std::min<uint64_t>(end - offset, kLargest) : 0;
  if (there < bytes) {
    return absl::DataLossError(absl::StrCat("map shared memory: ", bytes, " bytes were told, ", there, " are there"));
  }
  if (absl::Status mapped = Map(region, area, bytes, PROT_READ); !mapped.ok()) return mapped;
  size_ = bytes;
  return absl::OkStatus();
}

}  // namespace progeny::platform
