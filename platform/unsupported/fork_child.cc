#include "platform/fork_child.h"

namespace progeny::platform {

absl::StatusOr<ChildHandle> ForkChild(const ForkRequest&, absl::FunctionRef<int()>) {
  return absl::UnimplementedError("fork: not ported to this operating system");
}

void OnFork(void (*)(), void (*)(), void (*)()) {}

std::vector<std::string> OtherThreads() { return {}; }

void NoteThreadWork(ThreadWork) {}

}  // namespace progeny::platform
