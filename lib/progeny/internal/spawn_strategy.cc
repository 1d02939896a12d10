#include "progeny/internal/packed_task.h"
#include "progeny/internal/start_strategy.h"

namespace progeny::internal {
namespace {

class Spawn final : public StartStrategy {
 public:
  absl::StatusOr<platform::ChildHandle> Start(const StartRequest& request) const override {
    if (absl::Status guard = CheckGuard(request.executable); !guard.ok()) return guard;
    const absl::StatusOr<PackedTask> packed = Pack(request);
    if (!packed.ok()) return packed.status();
    platform::ImageRequest image;
    image.executable = request.executable;
    image.payload = packed->payload;
    image.attached = packed->handles.handles();
    image.slot = &request.slot->region();
    image.setup = request.setup;
    return platform::LaunchImage(image);
  }
};

}  // namespace

const StartStrategy& SpawnStrategy() {
  static const Spawn& strategy = *new Spawn;
  return strategy;
}

}  // namespace progeny::internal
