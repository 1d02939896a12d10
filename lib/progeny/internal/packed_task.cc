#include "progeny/internal/packed_task.h"

#include "platform/image.h"
#include "progeny/internal/hand_over_message.h"

namespace progeny::internal {

absl::Status CheckGuard(const std::string& executable) {
  if (!executable.empty() || GuardMet()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this program has constructed no progeny::MainGuard; make `progeny::MainGuard guard(argc, argv);` "
      "the first line of main, or name a program that has one in ProcessOptions::executable");
}

absl::StatusOr<PackedTask> Pack(const StartRequest& request) {
  absl::StatusOr<platform::ImageAddress> entry = platform::FindImage(request.task->node());
  if (!entry.ok()) return entry.status();
  PackedTask packed;
  const HandOverMessage message{.identity = request.identity,
                                .limits = request.limits,
                                .entry = *std::move(entry),
                                .reports_crashes = request.reports_crashes};
  if (absl::Status encoded = EncodeHandOver(message, packed.payload); !encoded.ok()) return encoded;
  if (absl::Status encoded = request.task->Encode(packed.payload, packed.handles); !encoded.ok()) {
    return encoded;
  }
  return packed;
}

}  // namespace progeny::internal
