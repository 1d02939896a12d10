#include "absl/strings/str_cat.h"
#include "platform/image.h"
#include "progeny/internal/hand_over_message.h"
#include "progeny/internal/start_strategy.h"

namespace progeny::internal {
namespace {

// A program that never turns off at a guard would run main anew in each child, and start children
// again: no process is made.
absl::Status CheckGuard(const StartRequest& request) {
  if (!request.executable.empty() || GuardMet()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "start '", request.identity.name, "' by spawn: this program has constructed no ",
      "progeny::MainGuard; make `progeny::MainGuard guard(argc, argv);` the first line of main, or ",
      "name a program that has one in ProcessOptions::executable"));
}

class Spawn final : public StartStrategy {
 public:
  absl::StatusOr<platform::ChildHandle> Start(const StartRequest& request) const override {
    if (absl::Status guard = CheckGuard(request); !guard.ok()) return guard;
    absl::StatusOr<platform::ImageAddress> entry = platform::FindImage(request.task->node());
    if (!entry.ok()) return entry.status();
    std::vector<std::byte> payload;
    const HandOverMessage message{request.identity, request.limits, *std::move(entry)};
    if (absl::Status encoded = EncodeHandOver(message, payload); !encoded.ok()) return encoded;
    if (absl::Status encoded = request.task->Encode(payload); !encoded.ok()) return encoded;

    platform::ImageRequest image;
    image.executable = request.executable;
    image.payload = payload;
    image.slot = &request.slot->region();
    image.setup = request.setup;
    const std::vector<platform::NativeHandle> attachments = request.task->attachments();
    image.attachments = attachments;
    return platform::LaunchImage(image);
  }
};

}  // namespace

const StartStrategy& SpawnStrategy() {
  static const Spawn& strategy = *new Spawn;
  return strategy;
}

}  // namespace progeny::internal
