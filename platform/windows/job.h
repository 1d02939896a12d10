// A job object that ends its processes when its last handle is closed, so also when the process
// that holds that handle dies, whatever it dies of.
#ifndef PROGENY_PLATFORM_WINDOWS_JOB_H_
#define PROGENY_PLATFORM_WINDOWS_JOB_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/handle.h"

namespace progeny::platform {

// Without a process in it yet. The handle is the only one: it must never be inherited.
absl::StatusOr<Handle> CreateLifetimeJob();

// From here on closing the handle ends nobody.
absl::Status ReleaseFromLifetimeJob(NativeHandle job);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_JOB_H_
