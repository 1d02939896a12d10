#include "platform/posix/frozen_mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/error.h"
#include "platform/memory_usage.h"

// Defined in a program that is built with -fsanitize=thread, which allows few places.
extern "C" __attribute__((weak)) void __tsan_init();

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000  // Linux 4.17; before, the address is a hint
#endif

namespace progeny::platform {
namespace {

// Newer than the headers.
constexpr int kPopulateRead = 22;  // Linux 5.14
constexpr int kCollapse = 25;      // Linux 6.1

constexpr uint64_t kPresent = uint64_t{1} << 63;
constexpr uint64_t kSwapped = uint64_t{1} << 62;
constexpr uint64_t kOfAFile = uint64_t{1} << 61;

constexpr uint64_t kLargeStep = uint64_t{16} << 20;

uint64_t MemoryLeft() {
  const absl::StatusOr<SystemMemory> memory = GetSystemMemory();
  struct sysinfo info {};
  if (!memory.ok() || sysinfo(&info) != 0) return ~uint64_t{0};
  return static_cast<uint64_t>(memory->available) + uint64_t{info.freeswap} * info.mem_unit;
}

}  // namespace

const int kNoReserveFlag = MAP_NORESERVE;

// Above the heap of programs at fixed addresses, below position-independent ones (0x55...), and above
// where the legacy layout begins to map (a third of the address space: 0x2aaa...). TSan: the piece
// below the usual mappings, which its clang and gcc forms both allow.
AddressRange FrozenAddresses() {
  if (__tsan_init != nullptr) return {0x7e8000000000, 0x7ee000000000};
  return {0x300000000000, 0x500000000000};
}

uint64_t RandomAddressBits() {
  uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) == sizeof bits) return bits;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (static_cast<uint64_t>(now.tv_nsec) * 0x9e3779b97f4a7c15) ^ static_cast<uint64_t>(getpid());
}

std::byte* ReserveAddresses(uint64_t address, size_t bytes) {
  void* wanted = reinterpret_cast<void*>(address);
  void* start = mmap(wanted, bytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (start == wanted) return static_cast<std::byte*>(start);
  if (start != MAP_FAILED) {
    munmap(start, bytes);
    errno = EEXIST;
  }
  return nullptr;
}

int KeepFromForks(std::byte* start, size_t bytes) { return madvise(start, bytes, MADV_DONTFORK); }

// fallocate, not ftruncate: the pages exist now. What the machine evidently doesn't have is refused
// before: the kernel would take memory from everybody first, and end somebody's process.
absl::Status ExtendFile(NativeHandle file, size_t from, size_t to) {
  if (to - from > kLargeStep && to - from > MemoryLeft()) {
    return absl::ResourceExhaustedError(absl::StrCat("extend memory to be frozen: ", to - from,
                                                     " bytes are not to be had; free memory, or build less"));
  }
  int result = 0;
  do {
    result = fallocate(static_cast<int>(file), 0, static_cast<off_t>(from), static_cast<off_t>(to - from));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return absl::OkStatus();
  return WithNextStep(LastOsError("extend memory to be frozen", ""), "free memory, or build less");
}

// A file that isn't a memfd (linux/anonymous_file.cc) can't be sealed: nobody but its users has it.
absl::Status SealFile(NativeHandle file) {
  const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(static_cast<int>(file), F_ADD_SEALS, seals) == 0 || errno == EINVAL || errno == EPERM) {
    return absl::OkStatus();
  }
  if (errno != EBUSY) return LastOsError("seal frozen memory", "");
  return absl::FailedPreconditionError(
      "seal frozen memory: another process has it mapped for writing, by a clone that ran no fork "
      "handlers while it was built");
}

void CollapsePages(std::byte* start, size_t bytes) { madvise(start, bytes, kCollapse); }

void PopulatePages(std::byte* start, size_t bytes) { madvise(start, bytes, kPopulateRead); }

// A page of the mapping that is in memory or swapped out and not the file's is a private copy.
absl::StatusOr<int64_t> PrivatePageBytes(const std::byte* start, size_t bytes) {
  const Handle pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  if (!pagemap.valid()) return LastOsError("read", "/proc/self/pagemap");
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<uint64_t> entries(8192);
  int64_t copied = 0;
  for (size_t done = 0, pages = bytes / page; done < pages;) {
    const size_t wanted = std::min(entries.size(), pages - done) * sizeof(uint64_t);
    const size_t at = (reinterpret_cast<size_t>(start) / page + done) * sizeof(uint64_t);
    const ssize_t got = pread(static_cast<int>(pagemap.get()), entries.data(), wanted, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return LastOsError("read", "/proc/self/pagemap");
    const size_t count = static_cast<size_t>(got) / sizeof(uint64_t);
    for (uint64_t entry : absl::MakeConstSpan(entries).first(count)) {
      if ((entry & (kPresent | kSwapped)) != 0 && (entry & kOfAFile) == 0) ++copied;
    }
    done += count;
  }
  return copied * static_cast<int64_t>(page);
}

}  // namespace progeny::platform
