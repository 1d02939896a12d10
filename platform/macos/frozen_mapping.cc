#include "platform/posix/frozen_mapping.h"

#include <mach/mach.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/types/span.h"
#include "platform/error.h"
#include "platform/posix/anonymous_file.h"

namespace progeny::platform {
namespace {

// <sys/mman.h> names them only to programs that ask for more than POSIX.
constexpr char kCopied = 0x40;
constexpr char kAnonymous = static_cast<char>(0x80);

}  // namespace

const int kNoReserveFlag = MAP_NORESERVE;

// Images lie below it, malloc's zones (0x6000...) and the shared cache above.
AddressRange FrozenAddresses() { return {0x300000000000, 0x500000000000}; }

uint64_t RandomAddressBits() {
  uint64_t bits = 0;
  arc4random_buf(&bits, sizeof bits);
  return bits;
}

// Unlike mmap with MAP_FIXED, this refuses to lie over something.
std::byte* ReserveAddresses(uint64_t address, size_t bytes) {
  vm_address_t start = address;
  const kern_return_t result = vm_allocate(mach_task_self(), &start, bytes, VM_FLAGS_FIXED);
  if (result == KERN_SUCCESS) {
    auto* base = reinterpret_cast<std::byte*>(start);
    if (mprotect(base, bytes, PROT_NONE) == 0) return base;
    munmap(base, bytes);
    return nullptr;
  }
  errno = result == KERN_NO_SPACE ? EEXIST : ENOMEM;
  return nullptr;
}

int KeepFromForks(std::byte* start, size_t bytes) { return minherit(start, bytes, VM_INHERIT_NONE); }

// Written, not only sized: a hole that can't be filled when it is touched is a SIGBUS.
absl::Status ExtendFile(NativeHandle file, size_t from, size_t to) {
  const std::vector<std::byte> zeros(std::min<size_t>(to - from, size_t{1} << 20));
  for (size_t at = from; at < to; at += zeros.size()) {
    const size_t part = std::min(zeros.size(), to - at);
    if (absl::Status put = WriteAt(file, at, absl::MakeConstSpan(zeros).first(part)); !put.ok()) {
      return WithNextStep(put, "free memory or room in TMPDIR, or build less");
    }
  }
  return absl::OkStatus();
}

// No seals here; nobody but its users has the file.
absl::Status SealFile(NativeHandle) { return absl::OkStatus(); }

void CollapsePages(std::byte*, size_t) {}

void PopulatePages(std::byte* start, size_t bytes) { madvise(start, bytes, MADV_WILLNEED); }

absl::StatusOr<int64_t> PrivatePageBytes(const std::byte* start, size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<char> states(bytes / page);
  if (mincore(start, bytes, states.data()) != 0) return LastOsError("ask which pages were copied", "");
  const auto copied = std::count_if(states.begin(), states.end(), [](char state) {
    return (state & (kCopied | kAnonymous)) != 0;
  });
  return static_cast<int64_t>(copied) * static_cast<int64_t>(page);
}

}  // namespace progeny::platform
