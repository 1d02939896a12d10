// Memory with a descriptor and no name.
#ifndef PROGENY_PLATFORM_LINUX_ANONYMOUS_FILE_H_
#define PROGENY_PLATFORM_LINUX_ANONYMOUS_FILE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/handle.h"

namespace progeny::platform {

// A sealable memfd; where the kernel or a sandbox refuses memfd_create, an unlinked file in
// /dev/shm or /tmp, which can't be sealed. `label` shows in /proc/<pid>/maps.
absl::StatusOr<Handle> CreateAnonymousFile(const char* label);

// Writes all of `bytes` at `offset`, growing the file. ResourceExhausted when memory is.
absl::Status WriteAt(NativeHandle file, size_t offset, absl::Span<const std::byte> bytes);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_LINUX_ANONYMOUS_FILE_H_
