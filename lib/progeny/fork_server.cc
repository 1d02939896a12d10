#include "progeny/fork_server.h"

#include "absl/strings/str_cat.h"
#include "platform/image.h"
#include "progeny/internal/fork_servers.h"
#include "progeny/internal/packed_task.h"
#include "progeny/internal/start_strategy.h"

namespace progeny {
namespace {

absl::StatusOr<internal::Preload> Pack(const detail::Task& task) {
  internal::Preload preload;
  absl::StatusOr<platform::ImageAddress> entry = platform::FindImage(task.node());
  if (!entry.ok()) return entry.status();
  preload.entry = *std::move(entry);
  detail::OutgoingHandles handles;
  if (absl::Status encoded = task.Encode(preload.task, handles); !encoded.ok()) return encoded;
  if (handles.handles().empty()) return preload;
  return absl::InvalidArgumentError("its state holds handles of the operating system, which a preload can't");
}

absl::Status StartServer(const ForkServerOptions& options) {
  if (absl::Status taken = internal::CheckHandOverTaken(); !taken.ok()) return taken;
  const auto strategy = internal::StrategyFor(StartMethod::kForkServer);
  if (!strategy.ok()) return strategy.status();
  if (absl::Status guard = internal::CheckGuard(""); !guard.ok()) return guard;
  if (options.preload.task() == nullptr) return internal::StartForkServer(std::nullopt);
  absl::StatusOr<internal::Preload> preload = Pack(*options.preload.task());
  if (!preload.ok()) return preload.status();
  return internal::StartForkServer(*std::move(preload));
}

}  // namespace

absl::Status ForkServer::Start(ForkServerOptions options) { return StartServer(options); }

void ForkServer::Stop() { internal::StopForkServers(); }

std::optional<ProcessId> ForkServer::id() { return internal::ForkServerId(); }

}  // namespace progeny
