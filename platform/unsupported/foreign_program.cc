#include "platform/foreign_program.h"

#include "absl/status/status.h"

namespace progeny::platform {

absl::StatusOr<StartedProgram> StartForeignProgram(const std::vector<std::string>&) {
  return absl::UnimplementedError("start a program: not ported to this operating system");
}

absl::Status AwaitForeignProgram(const StartedProgram&) {
  return absl::UnimplementedError("wait for a program: not ported to this operating system");
}

ExitInfo TakeForeignExit(const StartedProgram&) { return {}; }

absl::Status SignalForeignProgram(const StartedProgram&, int) {
  return absl::UnimplementedError("signal a program: not ported to this operating system");
}

}  // namespace progeny::platform
