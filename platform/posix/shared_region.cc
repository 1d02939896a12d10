#include "platform/shared_region.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/posix/anonymous_file.h"

namespace progeny::platform {
namespace {

size_t RoundUpToPages(size_t bytes) {
  static const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

// Files with holes: how far apart areas lie costs nothing.
constexpr uint64_t kAreaBytes = uint64_t{1} << 40;

absl::StatusOr<std::vector<std::byte>> ReadAt(int fd, uint64_t offset, size_t size, std::vector<std::byte> bytes = {}) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return LastOsError("read shared memory", "");
  // Compared before anything of that size is allocated: the size is another process's word.
  const auto there = static_cast<uint64_t>(info.st_size);
  if (there < offset || there - offset < size) {
    return absl::DataLossError(absl::StrCat("read shared memory: ", size, " bytes were told, ",
                                            there < offset ? 0 : there - offset, " are there"));
  }
  try {
    bytes.resize(size);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        absl::StrCat("read ", size, " bytes of shared memory: out of memory"));
  }
  size_t done = 0;
  while (done < size) {
    const ssize_t got =
        pread(fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return LastOsError("read shared memory", "");
    if (got == 0) return absl::DataLossError("read shared memory: it ended early");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

absl::StatusOr<std::byte*> MapHead(int fd, size_t size) {
  void* head = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (head == MAP_FAILED) return LastOsError("map shared memory", "");
  return static_cast<std::byte*>(head);
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
  if (head_ != nullptr) munmap(head_, head_size_);
}

absl::StatusOr<SharedRegion> SharedRegion::Create(size_t head_bytes) {
  const size_t size = RoundUpToPages(head_bytes);
  absl::StatusOr<Handle> file = CreateAnonymousFile("progeny-slot");
  if (!file.ok()) return file.status();
  const int fd = static_cast<int>(file->get());
  if (absl::Status reserved = ReserveBytes(fd, size); !reserved.ok()) return reserved;
  SharedRegion region;
  absl::StatusOr<std::byte*> head = MapHead(fd, size);
  if (!head.ok()) return head.status();
  region.head_ = *head;
  region.head_size_ = size;
  region.handle_ = *std::move(file);
  return region;
}

absl::StatusOr<SharedRegion> SharedRegion::Open(Handle handle, size_t head_bytes) {
  const size_t size = RoundUpToPages(head_bytes);
  const int fd = static_cast<int>(handle.get());
  // Nobody uses the file's own position. fstat would cost a child one page of libc more.
  const off_t there = lseek(fd, 0, SEEK_END);
  if (there < 0) return LastOsError("open shared memory", "");
  if (there < static_cast<off_t>(size)) {
    return absl::DataLossError(absl::StrCat("open shared memory: it holds ", there, " bytes, not ", size));
  }
  SharedRegion region;
  absl::StatusOr<std::byte*> head = MapHead(fd, size);
  if (!head.ok()) return head.status();
  region.head_ = *head;
  region.head_size_ = size;
  region.handle_ = std::move(handle);
  return region;
}

absl::Status SharedRegion::WriteTail(absl::Span<const std::byte> bytes) {
  return WriteAt(handle_.get(), head_size_, bytes);
}

absl::StatusOr<std::vector<std::byte>> SharedRegion::ReadTail(size_t size) const {
  return ReadAt(static_cast<int>(handle_.get()), head_size_, size);
}

// The file keeps its length: a memory file is sealed against shrinking.
void SharedRegion::ReleaseTail() {
  const off_t end = lseek(static_cast<int>(handle_.get()), 0, SEEK_END);
  if (end <= static_cast<off_t>(head_size_)) return;
  PunchHole(handle_.get(), head_size_, static_cast<size_t>(end) - head_size_);
}

uint64_t SharedRegion::AreaOffset(Area area) const {
  return head_size_ + static_cast<uint64_t>(area) * kAreaBytes;
}

absl::Status SharedRegion::WriteArea(Area area, absl::Span<const std::byte> bytes) {
  return WriteAt(handle_.get(), AreaOffset(area), bytes);
}

absl::StatusOr<std::vector<std::byte>> SharedRegion::ReadArea(Area area, size_t size,
                                                              std::vector<std::byte> reused) const {
  return ReadAt(static_cast<int>(handle_.get()), AreaOffset(area), size, std::move(reused));
}

void SharedRegion::ReleaseArea(Area area, size_t size) {
  PunchHole(handle_.get(), AreaOffset(area), size);
}

}  // namespace progeny::platform
