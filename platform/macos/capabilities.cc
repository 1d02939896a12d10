#include "platform/capabilities.h"

namespace progeny::platform {

const CapabilityFacts& Capabilities() {
  static constexpr CapabilityFacts kFacts{
      .os = "macos",
      .fork = true,
      .relaunch = true,
      .fork_server = true,
      // Apple's frameworks are unsafe in a forked child; Objective-C aborts it.
      .fork_by_default = false,
      .signals = true,
      // NOTE_EXITSTATUS should tell it; not claimed until a Mac has shown it.
      .status_survives_foreign_reaper = false,
      .affinity = false,
      .process_handles = false,
  };
  return kFacts;
}

}  // namespace progeny::platform
