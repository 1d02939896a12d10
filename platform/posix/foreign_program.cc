#include "platform/foreign_program.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/error.h"
#include "platform/posix/child_watch.h"

namespace progeny::platform {
namespace {

constexpr char kOperation[] = "start program";

// As execvp looks: the first that may be executed; a file that may not be is remembered as the
// error.
absl::StatusOr<std::string> FindInPath(const std::string& name) {
  if (name.empty()) return OsError(ENOENT, kOperation, name);
  if (absl::StrContains(name, '/')) return name;
  const char* const path = std::getenv("PATH");
  int error = ENOENT;
  for (const absl::string_view folder :
       absl::StrSplit(path != nullptr ? path : "/bin:/usr/bin", ':')) {
    std::string candidate = absl::StrCat(folder.empty() ? "." : folder, "/", name);
    struct stat info {};
    if (stat(candidate.c_str(), &info) != 0) continue;
    if (S_ISREG(info.st_mode) && access(candidate.c_str(), X_OK) == 0) return candidate;
    error = EACCES;
  }
  return OsError(error, kOperation, name);
}

}  // namespace

absl::StatusOr<StartedProgram> StartForeignProgram(const std::vector<std::string>& command) {
  if (command.empty()) return absl::InvalidArgumentError("start program: no command was given");
  absl::StatusOr<std::string> path = FindInPath(command.front());
  if (!path.ok()) return path.status();
  signal(SIGCHLD, SIG_DFL);
  ProgramRequest request;
  request.path = *path;
  request.arguments = command;
  absl::StatusOr<StartedProgram> started = LaunchProgram(request);
  if (started.ok() || OsErrorCodeOf(started.status()) != ENOEXEC) return started;
  request.path = "/bin/sh";
  request.arguments = {"sh", *path};
  request.arguments.insert(request.arguments.end(), command.begin() + 1, command.end());
  return LaunchProgram(request);
}

absl::Status AwaitForeignProgram(const StartedProgram& program) {
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(program.id), &info, WEXITED | WNOWAIT) != 0) {
    if (errno != EINTR) return LastOsError("wait for program", absl::StrCat(program.id));
  }
  return absl::OkStatus();
}

ExitInfo TakeForeignExit(const StartedProgram& program) {
  return ReapById(static_cast<pid_t>(program.id)).value_or(ExitInfo());
}

absl::Status SignalForeignProgram(const StartedProgram& program, int number) {
  if (kill(static_cast<pid_t>(program.id), number) == 0) return absl::OkStatus();
  return LastOsError("signal program", absl::StrCat(program.id));
}

}  // namespace progeny::platform
