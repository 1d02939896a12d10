#include "platform/user_signals.h"

#include "absl/status/status.h"

namespace progeny::platform {

absl::StatusOr<UserSignals> UserSignals::Catch() {
  return absl::UnimplementedError("catch signals: not ported to this operating system");
}

UserSignals::~UserSignals() = default;

std::optional<UserSignal> UserSignals::Take() { return std::nullopt; }

}  // namespace progeny::platform
