// Windows has no fork, and so no server that forks; this file says so.
#include "platform/fork_server.h"

#include <cstdlib>

#include "platform/exit_status.h"

namespace progeny::platform {
namespace {

absl::Status Missing() { return absl::UnimplementedError("start a fork server: Windows has no fork; start the child by spawn instead"); }

}  // namespace

// Nobody makes one.
class ForkServer::State {};
class ForkService::State {};

absl::StatusOr<ForkServer> ForkServer::Launch(const ImageRequest&) { return Missing(); }
absl::StatusOr<ForkServer> ForkServer::Copy(const ForkRequest&, absl::FunctionRef<int(ForkService&)>) { return Missing(); }
ForkServer::ForkServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
ForkServer::ForkServer(ForkServer&&) noexcept = default;
ForkServer& ForkServer::operator=(ForkServer&&) noexcept = default;
ForkServer::~ForkServer() = default;
absl::Status ForkServer::AwaitReady(Deadline) { return Missing(); }
absl::StatusOr<ChildHandle> ForkServer::Fork(const ImageRequest&) { return Missing(); }
bool ForkServer::Usable() const { return false; }
ChildHandle& ForkServer::process() { std::abort(); }
void ForkServer::End() {}

absl::StatusOr<ForkService> ForkService::Begin(HandOver&, const SharedRegion&) { return Missing(); }
ForkService::ForkService(std::unique_ptr<State> state) : state_(std::move(state)) {}
ForkService::ForkService(ForkService&&) noexcept = default;
ForkService& ForkService::operator=(ForkService&&) noexcept = default;
ForkService::~ForkService() = default;
absl::StatusOr<HandOver> ForkService::Serve(size_t) { return Missing(); }

bool SlotIsFree(const SharedRegion&) { return true; }
void EndServedChild(int code) { std::_Exit(code); }

}  // namespace progeny::platform
