#include "platform/child_handle.h"

#include "platform/unsupported/not_ported.h"

namespace progeny::platform {

class ChildHandle::State {};

ChildHandle::ChildHandle(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChildHandle::ChildHandle(ChildHandle&&) noexcept = default;
ChildHandle& ChildHandle::operator=(ChildHandle&&) noexcept = default;
ChildHandle::~ChildHandle() = default;

ProcessId ChildHandle::id() const { return 0; }
NativeHandle ChildHandle::sentinel() const { return kNoHandle; }
absl::StatusOr<ExitInfo> ChildHandle::Wait(Deadline) { return NotPorted("wait for a child"); }
std::optional<ExitInfo> ChildHandle::ReapIfEnded() { return std::nullopt; }
absl::Status ChildHandle::Interrupt() { return NotPorted("interrupt a child"); }
absl::Status ChildHandle::Terminate() { return NotPorted("terminate a child"); }
absl::Status ChildHandle::Kill() { return NotPorted("kill a child"); }
absl::Status ChildHandle::KillTree() { return NotPorted("kill a child and its descendants"); }
void ChildHandle::WakeForStop(const std::atomic<uint32_t>&) {}
absl::Status ChildHandle::Detach() { return NotPorted("detach a child"); }

}  // namespace progeny::platform
