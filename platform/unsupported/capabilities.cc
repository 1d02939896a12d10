#include "platform/capabilities.h"

namespace progeny::platform {

const CapabilityFacts& Capabilities() {
  static constexpr CapabilityFacts kFacts{.os = "unsupported"};
  return kFacts;
}

}  // namespace progeny::platform
