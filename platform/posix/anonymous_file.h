// Memory with a descriptor and no name, that grows when written to.
#ifndef PROGENY_PLATFORM_POSIX_ANONYMOUS_FILE_H_
#define PROGENY_PLATFORM_POSIX_ANONYMOUS_FILE_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/handle.h"

namespace progeny::platform {

// Empty and close-on-exec. Linux: a sealable memfd whose `label` shows in /proc/<pid>/maps; where
// the kernel or a sandbox refuses memfds, an unlinked file in /dev/shm or /tmp, which can't be
// sealed. macOS: an unlinked file in the user's folder for temporary files.
absl::StatusOr<Handle> CreateAnonymousFile(const char* label);

// Makes the first `bytes` of an empty file exist, zeroed: touching them through a mapping never
// faults. Linux: also not after a peer has tried to shrink the file.
absl::Status ReserveBytes(NativeHandle file, size_t bytes);

// Writes all of `bytes` at `offset`, growing the file. ResourceExhausted when memory is.
absl::Status WriteAt(NativeHandle file, size_t offset, absl::Span<const std::byte> bytes);

// Gives back the memory behind these bytes, which then read as zeros; page by page, what is rounded
// away stays. Best effort.
void PunchHole(NativeHandle file, size_t offset, size_t bytes);

// Linux: nobody can change the file any more. Elsewhere nothing: nobody but its two users has it.
void Freeze(NativeHandle file);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_ANONYMOUS_FILE_H_
