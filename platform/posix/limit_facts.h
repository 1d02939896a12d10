// The limits of this process (getrlimit) that programs with many children meet, as facts.
#ifndef PROGENY_PLATFORM_POSIX_LIMIT_FACTS_H_
#define PROGENY_PLATFORM_POSIX_LIMIT_FACTS_H_

#include <vector>

#include "platform/machine.h"

namespace progeny::platform {

void AddLimitFacts(std::vector<MachineFact>& facts);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_LIMIT_FACTS_H_
