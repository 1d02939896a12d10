#include "platform/posix/sigpipe.h"

#include <fcntl.h>

namespace progeny::platform {

void NeverRaiseSigpipe(int descriptor) { fcntl(descriptor, F_SETNOSIGPIPE, 1); }

}  // namespace progeny::platform
