#include "platform/foreign_program.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/exit_code.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

absl::StatusOr<std::string> FindInPath(const std::string& name) {
  const absl::StatusOr<std::wstring> wide = WideFromUtf8(name, "a program's name");
  if (!wide.ok()) return wide.status();
  std::wstring found(32768, L'\0');
  const DWORD size = SearchPathW(nullptr, wide->c_str(), L".exe", static_cast<DWORD>(found.size()),
                                 found.data(), nullptr);
  if (size == 0 || size >= found.size()) return LastOsError("start program", name);
  found.resize(size);
  return Utf8FromWide(found);
}

}  // namespace

absl::StatusOr<StartedProgram> StartForeignProgram(const std::vector<std::string>& command) {
  if (command.empty()) return absl::InvalidArgumentError("start program: no command was given");
  absl::StatusOr<std::string> path = FindInPath(command.front());
  if (!path.ok()) return path.status();
  ProgramRequest request;
  request.path = *std::move(path);
  request.arguments = command;
  return LaunchProgram(request);
}

absl::Status AwaitForeignProgram(const StartedProgram& program) {
  if (WaitForSingleObject(ToHandle(program.process.get()), INFINITE) == WAIT_OBJECT_0) {
    return absl::OkStatus();
  }
  return LastOsError("wait for program", absl::StrCat(program.id));
}

ExitInfo TakeForeignExit(const StartedProgram& program) {
  DWORD exit_code = 0;
  if (!GetExitCodeProcess(ToHandle(program.process.get()), &exit_code)) return ExitInfo();
  return ExitInfoFromCode(exit_code);
}

absl::Status SignalForeignProgram(const StartedProgram&, int) {
  return absl::UnimplementedError("signal a program: Windows has no signals");
}

}  // namespace progeny::platform
