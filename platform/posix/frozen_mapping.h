// What frozen memory needs of a kernel beyond mmap.
#ifndef PROGENY_PLATFORM_POSIX_FROZEN_MAPPING_H_
#define PROGENY_PLATFORM_POSIX_FROZEN_MAPPING_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/handle.h"

namespace progeny::platform {

// Where nothing of the system's or of a sanitizer's lies, neither here nor in another process of
// this program: [first, last).
struct AddressRange {
  uint64_t first;
  uint64_t last;
};
AddressRange FrozenAddresses();
uint64_t RandomAddressBits();

// Reserves addresses without memory, right there; nullptr and errno (EEXIST: something lies there).
std::byte* ReserveAddresses(uint64_t address, size_t bytes);
// MAP_NORESERVE where mappings are charged for what might be written.
extern const int kNoReserveFlag;

// Forked children don't get this range; async-signal-safe.
int KeepFromForks(std::byte* start, size_t bytes);

// Bytes [from, to) of the file exist, zeroed: touching them never faults.
absl::Status ExtendFile(NativeHandle file, size_t from, size_t to);
// Nobody can change the file any more. FailedPrecondition while a process can still write to it.
absl::Status SealFile(NativeHandle file);

// Both best effort.
void CollapsePages(std::byte* start, size_t bytes);
void PopulatePages(std::byte* start, size_t bytes);

// Bytes of pages in a private mapping of a file that are no longer the file's.
absl::StatusOr<int64_t> PrivatePageBytes(const std::byte* start, size_t bytes);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FROZEN_MAPPING_H_
