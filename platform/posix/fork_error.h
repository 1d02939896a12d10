// Why no child could be forked.
#ifndef PROGENY_PLATFORM_POSIX_FORK_ERROR_H_
#define PROGENY_PLATFORM_POSIX_FORK_ERROR_H_

#include "absl/status/status.h"

namespace progeny::platform {

// ResourceExhausted with the next step where processes have run out.
absl::Status ForkError(int error);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_FORK_ERROR_H_
