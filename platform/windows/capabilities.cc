#include "platform/capabilities.h"

namespace progeny::platform {

const CapabilityFacts& Capabilities() {
  static constexpr CapabilityFacts kFacts{
      .os = "windows",
      .fork = false,
      .relaunch = true,
      .fork_by_default = false,
      .signals = false,
      // Nobody reaps here: a process handle keeps the status for as long as it is open.
      .status_survives_foreign_reaper = true,
      .affinity = true,
      .process_handles = true,
  };
  return kFacts;
}

}  // namespace progeny::platform
