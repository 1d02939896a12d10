// One pagefile section for both parts. It is reserved as a whole, 64 GiB more than the head, and
// committed piece by piece: the head when it is created, the tail when it is written. Reserving
// costs addresses only, and a second section for the tail would have to find its way to the reader
// from a process that may be about to end.
//
// Committed pages of a section can't be taken back, by anybody. So what VirtualQuery has called
// committed stays readable, and a reader needs no guard against faults.
#include "platform/shared_region.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/pages.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr uint64_t kGranularity = 65536;  // views start at multiples of it
constexpr uint64_t kReservedForTail = uint64_t{64} << 30;
constexpr size_t kSlice = size_t{16} << 20;

// At least one page stays uncommitted between head and tail, so that a region with a smaller head
// than a reader expects is noticed, and so that it can be mapped with the head (see View).
uint64_t TailOffset(uint64_t head_bytes) { return RoundUp(head_bytes + kPage, kGranularity); }

constexpr uint64_t kAreaBytes = uint64_t{30} << 30;

// Stands in front of the tail's bytes, which begin kGranularity behind it.
struct TailHeader {
  uint64_t size = 0;
  uint64_t largest = 0;  // size of the longest tail so far: so much is committed
};

constexpr uint64_t kLongestTail = kReservedForTail - 2 * kGranularity;

// Owner of a mapping of a part of a section. One page more is mapped than asked for: where pages
// are committed up to the end of a view or beyond, Wine 8 calls the whole view reserved.
class View {
 public:
  View(NativeHandle section, uint64_t offset, size_t size)
      : data_(MapViewOfFile(ToHandle(section), FILE_MAP_READ | FILE_MAP_WRITE,
                            static_cast<DWORD>(offset >> 32), static_cast<DWORD>(offset),
                            RoundUp(size, kPage) + kPage)) {}
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() {
    if (data_ != nullptr) UnmapViewOfFile(data_);
  }

  std::byte* data() const { return static_cast<std::byte*>(data_); }
  std::byte* Release() { return static_cast<std::byte*>(std::exchange(data_, nullptr)); }

 private:
  void* data_;
};

bool Commit(std::byte* data, size_t size) {
  return VirtualAlloc(data, size, MEM_COMMIT, PAGE_READWRITE) != nullptr;
}

bool IsCommitted(const std::byte* data, uint64_t size) {
  const std::byte* const end = data + size;
  while (data < end) {
    MEMORY_BASIC_INFORMATION info;
    if (VirtualQuery(data, &info, sizeof(info)) == 0 || info.State != MEM_COMMIT) return false;
    data = static_cast<const std::byte*>(info.BaseAddress) + info.RegionSize;
  }
  return true;
}

absl::Status TooShort(uint64_t size) {
  return absl::DataLossError(
      absl::StrCat("read ", size, " bytes of a shared region: it holds fewer"));
}

absl::StatusOr<std::vector<std::byte>> Copy(const View& view, size_t size) {
  try {
    return std::vector<std::byte>(view.data(), view.data() + size);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        absl::StrCat("read ", size, " bytes of a shared region: out of memory"));
  }
}

absl::Status WriteSlice(NativeHandle section, uint64_t offset, absl::Span<const std::byte> bytes) {
  const View view(section, offset, bytes.size());
  if (view.data() == nullptr) return LastOsError("map a shared region", "");
  if (!Commit(view.data(), bytes.size())) return LastOsError("reserve memory to share", "");
  std::memcpy(view.data(), bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::Status WriteTailHeader(NativeHandle section, uint64_t offset, const TailHeader& header) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&header);
  return WriteSlice(section, offset, absl::MakeConstSpan(bytes, sizeof(header)));
}

// All zero where no tail has been written yet.
absl::StatusOr<TailHeader> ReadTailHeader(NativeHandle section, uint64_t offset) {
  const View view(section, offset, sizeof(TailHeader));
  if (view.data() == nullptr) return LastOsError("map a shared region", "");
  TailHeader header;
  if (IsCommitted(view.data(), sizeof(header))) {
    std::memcpy(&header, view.data(), sizeof(header));
  }
  return header;
}

}  // namespace

SharedRegion::SharedRegion(SharedRegion&& other) noexcept
    : handle_(std::move(other.handle_)),
      head_(std::exchange(other.head_, nullptr)),
      head_size_(std::exchange(other.head_size_, 0)) {}

SharedRegion& SharedRegion::operator=(SharedRegion&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(head_, other.head_);
  std::swap(head_size_, other.head_size_);
  return *this;
}

SharedRegion::~SharedRegion() {
  if (head_ != nullptr) UnmapViewOfFile(head_);
}

absl::StatusOr<SharedRegion> SharedRegion::Create(size_t head_bytes) {
  SharedRegion region;
  region.head_size_ = RoundUp(std::max<size_t>(head_bytes, 1), kPage);
  const uint64_t total = TailOffset(region.head_size_) + kReservedForTail;
  region.handle_ = Handle(FromHandle(CreateFileMappingW(
      INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE | SEC_RESERVE, static_cast<DWORD>(total >> 32),
      static_cast<DWORD>(total), nullptr)));
  if (!region.handle_.valid()) return LastOsError("create memory to share", "");
  View view(region.handle_.get(), 0, region.head_size_);
  if (view.data() == nullptr) return LastOsError("map a shared region", "");
  if (!Commit(view.data(), region.head_size_)) return LastOsError("reserve memory to share", "");
  region.head_ = view.Release();
  return region;
}

absl::StatusOr<SharedRegion> SharedRegion::Open(Handle handle, size_t head_bytes) {
  SharedRegion region;
  region.handle_ = std::move(handle);
  region.head_size_ = RoundUp(std::max<size_t>(head_bytes, 1), kPage);
  View view(region.handle_.get(), 0, region.head_size_);
  if (view.data() == nullptr) {
    const DWORD error = GetLastError();
    // Mapping more than the section has is refused in either of these words.
    if (error == ERROR_ACCESS_DENIED || error == ERROR_INVALID_PARAMETER) {
      return TooShort(head_bytes);
    }
    return OsError(error, "map a shared region", "");
  }
  if (!IsCommitted(view.data(), region.head_size_)) return TooShort(head_bytes);
  region.head_ = view.Release();
  return region;
}

absl::Status SharedRegion::WriteTail(absl::Span<const std::byte> bytes) {
  if (bytes.size() > kLongestTail) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "write ", bytes.size(), " bytes to a shared region: on Windows it holds 64 GiB at most"));
  }
  const uint64_t start = TailOffset(head_size_);
  absl::StatusOr<TailHeader> header = ReadTailHeader(handle_.get(), start);
  if (!header.ok()) return header.status();
  // The size comes last: a writer that dies half-way leaves an empty tail, not half of one.
  header->size = 0;
  header->largest = std::max<uint64_t>(header->largest, bytes.size());
  absl::Status status = WriteTailHeader(handle_.get(), start, *header);
  for (uint64_t done = 0; status.ok() && done < bytes.size(); done += kSlice) {
    status = WriteSlice(handle_.get(), start + kGranularity + done, bytes.subspan(done, kSlice));
  }
  if (!status.ok()) return status;
  header->size = bytes.size();
  return WriteTailHeader(handle_.get(), start, *header);
}

absl::StatusOr<std::vector<std::byte>> SharedRegion::ReadTail(size_t size) const {
  if (size == 0) return std::vector<std::byte>();
  const uint64_t start = TailOffset(head_size_);
  const absl::StatusOr<TailHeader> header = ReadTailHeader(handle_.get(), start);
  if (!header.ok()) return header.status();
  if (header->size < size || header->largest < size || header->largest > kLongestTail) {
    return TooShort(size);
  }
  const View view(handle_.get(), start + kGranularity, header->largest);
  if (view.data() == nullptr) return LastOsError("map a shared region", "");
  // The writer's word isn't taken for more than what it has really committed.
  if (!IsCommitted(view.data(), size)) return TooShort(size);
  return Copy(view, size);
}

uint64_t SharedRegion::AreaOffset(Area area) const {
  return TailOffset(head_size_) + static_cast<uint64_t>(area) * (kAreaBytes + kSlice);
}

absl::Status SharedRegion::WriteArea(Area area, absl::Span<const std::byte> bytes) {
  if (bytes.size() > kAreaBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "write ", bytes.size(), " bytes to a shared region: on Windows an area holds 30 GiB at most"));
  }
  absl::Status status;
  for (uint64_t done = 0; status.ok() && done < bytes.size(); done += kSlice) {
    status = WriteSlice(handle_.get(), AreaOffset(area) + done,
                        bytes.subspan(done, kSlice));
  }
  return status;
}

absl::StatusOr<std::vector<std::byte>> SharedRegion::ReadArea(Area area, size_t size,
                                                              std::vector<std::byte>) const {
  if (size > kAreaBytes) return TooShort(size);
  if (size == 0) return std::vector<std::byte>();
  const View view(handle_.get(), AreaOffset(area), size);
  if (view.data() == nullptr) return LastOsError("map a shared region", "");
  // What the writer has committed stays as it is; asking whether it has would mean to know how much
  // was ever committed behind it (see View).
  if (!Commit(view.data(), size)) return LastOsError("read shared memory", "");
  return Copy(view, size);
}

void SharedRegion::ReleaseTail() {}

void SharedRegion::ReleaseArea(Area, size_t) {}

}  // namespace progeny::platform
