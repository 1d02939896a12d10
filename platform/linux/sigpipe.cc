#include "platform/posix/sigpipe.h"

namespace progeny::platform {

void NeverRaiseSigpipe(int) {}

}  // namespace progeny::platform
