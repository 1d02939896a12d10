#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/system_view.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

extern "C" char** environ;

namespace progeny::tests {
namespace {

pid_t StartWithOutputTo(const std::string& file, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? pid : -1;
}

}  // namespace

ProgramRun RunProgram(const std::vector<std::string>& arguments, absl::Duration patience) {
  const TempDir folder;
  const std::string output = folder.File("output");
  ProgramRun run;
  const pid_t pid = StartWithOutputTo(output, arguments);
  if (pid < 0) {
    run.output = "can't be started";
    return run;
  }
  int status = 0;
  run.finished = WaitUntil([&] { return waitpid(pid, &status, WNOHANG) == pid; }, patience);
  if (!run.finished) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  run.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  run.output = ReadFile(output);
  return run;
}

void EndProcess(int64_t process_id) { kill(static_cast<pid_t>(process_id), SIGKILL); }

void Crash() {
  signal(SIGABRT, SIG_DFL);
  abort();
}

}  // namespace progeny::tests
