#include <utility>

#include "progeny/internal/fork_servers.h"
#include "progeny/internal/packed_task.h"
#include "progeny/internal/start_strategy.h"

namespace progeny::internal {
namespace {

class FromServer final : public StartStrategy {
 public:
  absl::StatusOr<platform::ChildHandle> Start(const StartRequest& request) const override {
    if (absl::Status guard = CheckGuard(request.executable); !guard.ok()) return guard;
    const absl::StatusOr<PackedTask> packed = Pack(request);
    if (!packed.ok()) return packed.status();
    platform::ImageRequest child;
    child.payload = packed->payload;
    child.attached = packed->handles.handles();
    child.setup = request.setup;
    return ForkFromServer(request.executable, std::move(child), *request.slot);
  }
};

}  // namespace

const StartStrategy& ForkServerStrategy() {
  static const FromServer& strategy = *new FromServer;
  return strategy;
}

}  // namespace progeny::internal
