// Facts about the machine and about the calling process that every OS tells in its own way.
// All of it is thread-safe, and asked anew at each call: affinity and quotas change at run time.
#ifndef PROGENY_PLATFORM_HOST_H_
#define PROGENY_PLATFORM_HOST_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace progeny::platform {

// CPUs that this process can really keep busy, at least 1.
// Linux: the calling thread's affinity (which a cpuset narrows), and at most the cgroup's CPU
// quota, rounded up (v1 and v2; the tightest of all ancestors that can be seen).
// Windows: affinity or processor groups, and at most the hard CPU rate of its job, rounded up.
// macOS: the active CPUs; it has neither affinity nor quotas.
int UsableCpus();

// Bytes in a page of memory, as VirtualAlloc and mmap count them.
int64_t PageSize();

// For people to read: "Linux 6.18.44", "macOS 14.5", "Windows 10.0.19045", "Windows 10.0.19043
// (Wine 8.0)". Programs branch on Capabilities() instead.
std::string OsName();

// CPU time that the calling thread has used; absent where the system counts it in steps too coarse
// to be of use (Windows).
std::optional<absl::Duration> ThreadCpuTime();

// The calling process; in a forked child the child.
int64_t CurrentProcessId();

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_HOST_H_
