#include "platform/host.h"

#include <algorithm>
#include <thread>

namespace progeny::platform {

int UsableCpus() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

// The smallest that is in use anywhere; a port says its own.
int64_t PageSize() { return 4096; }

std::string OsName() { return "unsupported"; }

std::optional<absl::Duration> ThreadCpuTime() { return std::nullopt; }

int64_t CurrentProcessId() { return 0; }

}  // namespace progeny::platform
