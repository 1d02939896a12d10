#include "platform/process_table.h"

#include "absl/status/status.h"

namespace progeny::platform {

absl::StatusOr<std::vector<ProcessEntry>> ListProcesses() {
  return absl::UnimplementedError("list the processes: not ported to this operating system");
}

absl::StatusOr<ProcessEntry> FindProcess(int64_t) {
  return absl::UnimplementedError("find a process: not ported to this operating system");
}

absl::StatusOr<std::vector<int64_t>> ChildrenOf(int64_t) {
  return absl::UnimplementedError("find children: not ported to this operating system");
}

std::string CommandLineOf(int64_t) { return ""; }

}  // namespace progeny::platform
