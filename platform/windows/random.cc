#define _CRT_RAND_S  // declares rand_s, which asks the system and needs no further library
#include <stdlib.h>

#include "platform/windows/random.h"

namespace progeny::platform {

uint64_t RandomWord() {
  unsigned int high = 0;
  unsigned int low = 0;
  rand_s(&high);
  rand_s(&low);
  return uint64_t{high} << 32 | low;
}

}  // namespace progeny::platform
