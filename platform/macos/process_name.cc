// Tools list a process by its program here, and threads by names that forked children don't inherit.
#include "platform/posix/process_name.h"

#include <pthread.h>

namespace progeny::platform {

void NameProcess(const char* name) { pthread_setname_np(name); }

void UnnameProcess() {}

}  // namespace progeny::platform
