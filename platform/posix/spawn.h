// Starting a program with exactly the descriptors that are named.
#ifndef PROGENY_PLATFORM_POSIX_SPAWN_H_
#define PROGENY_PLATFORM_POSIX_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "platform/launch.h"
#include "platform/posix/slot_words.h"

namespace progeny::platform {

// In the child, descriptor kFirstPassedDescriptor + i is passed[i]; beyond them and the standard
// streams nothing is open.
inline constexpr int kFirstPassedDescriptor = 3;

struct SpawnRequest {
  std::string path;                       // opened before the working directory is changed, or absolute
  std::string shown_path;                 // what messages call it; empty: this program
  absl::Span<const std::string> arguments;
  const ProcessSetup* setup = nullptr;
  absl::Span<const NativeHandle> passed;
  // A child of progeny's: where the kernel allows, it is bound to this process's life before it
  // executes anything; the slot says so then. kNoHandle and nullptr otherwise.
  NativeHandle lifeline = kNoHandle;
  SlotWords* slot = nullptr;
};

// The pid. The message names the path, or what stands in the way of the working directory.
absl::StatusOr<pid_t> Spawn(const SpawnRequest& request);

// Absolute, against this process's working directory: the child may have another one.
std::string AbsolutePath(const std::string& path);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_SPAWN_H_
