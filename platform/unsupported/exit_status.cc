#include "platform/exit_status.h"

namespace progeny::platform {

bool IsCrash(const ExitInfo&) { return false; }

bool IsTermination(const ExitInfo&) { return false; }

std::string Describe(const ExitInfo& info) {
  if (info.kind == ExitInfo::Kind::kExited) return "exit code " + std::to_string(info.code);
  return "status unknown";
}

}  // namespace progeny::platform
