#include "platform/machine.h"

namespace progeny::platform {

std::vector<MachineFact> MachineFacts() { return {}; }

}  // namespace progeny::platform
