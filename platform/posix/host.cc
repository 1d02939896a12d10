#include "platform/host.h"

#include <unistd.h>

namespace progeny::platform {

int64_t PageSize() { return sysconf(_SC_PAGESIZE); }

int64_t CurrentProcessId() { return getpid(); }

}  // namespace progeny::platform
