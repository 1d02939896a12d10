// Windows has no fork; this file says so.
#include "platform/fork_child.h"

namespace progeny::platform {

absl::StatusOr<ChildHandle> ForkChild(const ForkRequest&, absl::FunctionRef<int()>) {
  return absl::UnimplementedError(
      "fork this process: Windows has no fork; start the child by spawn instead");
}

void OnFork(void (*)(), void (*)(), void (*)()) {}

std::vector<std::string> OtherThreads() { return {}; }

void NoteThreadWork(ThreadWork) {}

}  // namespace progeny::platform
