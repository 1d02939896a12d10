// What lies where in this process's address space.
#ifndef PROGENY_PLATFORM_MAPPED_REGIONS_H_
#define PROGENY_PLATFORM_MAPPED_REGIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace progeny::platform {

// Addresses [first, last) that can be read.
struct MappedRegion {
  uint64_t first = 0;
  uint64_t last = 0;
  std::string what;  // for people: a file's path, "the heap", "a stack", "memory of no file"
};

// In ascending order; other threads may map and unmap meanwhile. Thread-safe.
absl::StatusOr<std::vector<MappedRegion>> MappedRegions();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_MAPPED_REGIONS_H_
