// The life of a forked child before its entry: the only code between fork() and the child's body.
//
// The child has one thread, a copy of the caller's; every lock another thread held stays held for
// ever. So: no allocation, no locks, no Abseil, no return on failure. What the child needs was
// prepared in the parent; what fails here is told over a close-on-exec pipe in one self-checked
// message, and the child ends.
#ifndef PROGENY_PLATFORM_POSIX_AFTER_FORK_H_
#define PROGENY_PLATFORM_POSIX_AFTER_FORK_H_

#include <sys/resource.h>

#include <cstddef>
#include <cstdint>

namespace progeny::platform {

enum class SetupStep : uint32_t { kStreams = 1, kDirectory = 2, kLimits = 3 };

// Fixed size, below PIPE_BUF: written whole or not at all.
struct SetupFailure {
  static constexpr uint32_t kMagic = 0x70726f67;
  uint32_t magic = kMagic;
  SetupStep step{};
  int32_t error = 0;
  uint32_t check = 0;

  uint32_t Sum() const { return magic ^ static_cast<uint32_t>(step) ^ static_cast<uint32_t>(error) ^ 0x5a5a5a5aU; }
  bool Valid() const { return magic == kMagic && check == Sum(); }
};

struct LimitToSet {
  int resource;
  rlim_t value;
};

struct AfterForkPlan {
  int streams[3] = {-1, -1, -1};
  int directory = -1;               // to change into; -1: stay
  char** environment = nullptr;     // nullptr: stay
  const LimitToSet* limits = nullptr;
  size_t limit_count = 0;
  int failure_pipe = -1;            // -1: nothing in this plan can fail
};

inline constexpr int kSetupFailedExitCode = 127;

// Returns when the child is set up, and closes the failure pipe.
void SetUpForkedChild(const AfterForkPlan& plan);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_AFTER_FORK_H_
