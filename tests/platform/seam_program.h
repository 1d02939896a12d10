// The program of the seam's launch tests: re-executed through LaunchImage it plays the role that its
// payload names, without the library above the seam.
#ifndef PROGENY_TESTS_PLATFORM_SEAM_PROGRAM_H_
#define PROGENY_TESTS_PLATFORM_SEAM_PROGRAM_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "platform/child_handle.h"
#include "platform/launch.h"
#include "platform/shared_region.h"

namespace progeny::tests {

inline constexpr size_t kSlotBytes = 4096;

// Roles.
inline constexpr char kExitSeven[] = "exit 7";
inline constexpr char kWaitForever[] = "wait";       // until it is ended, or its parent is
inline constexpr char kCopy[] = "copy";              // stdin to stdout
inline constexpr char kWriteTail[] = "tail";         // kTailBytes of a pattern
inline constexpr char kSumPayload[] = "sum ";        // of all bytes behind it, into the slot
inline constexpr char kCountArguments[] = "arguments";
inline constexpr char kDirectory[] = "directory";    // tells it on stdout
inline constexpr char kAttached[] = "attached";      // the words in the attached regions, weighed by place
inline constexpr char kVariable[] = "variable";      // tells PROGENY_SEAM_TEST on stdout

inline constexpr size_t kTailBytes = 5 << 20;
std::byte TailByte(size_t index);

// Behind the seam's own words.
struct Report {
  uint64_t value = 0;
  uint32_t ready = 0;
};
volatile Report& ReportIn(const platform::SharedRegion& slot);

// LaunchImage of this program in `role`.
absl::StatusOr<platform::ChildHandle> LaunchRole(const std::string& role,
                                                 const platform::SharedRegion& slot,
                                                 const platform::ProcessSetup& setup = {});
absl::StatusOr<platform::ChildHandle> LaunchWithAttached(
    const platform::SharedRegion& slot, absl::Span<const platform::NativeHandle> attached);

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_PLATFORM_SEAM_PROGRAM_H_
