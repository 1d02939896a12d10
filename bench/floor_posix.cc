#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "floor.h"

extern char** environ;

namespace bench {
namespace {

void WaitFor(pid_t child, const char* what) {
  int status = 0;
  pid_t waited = -1;
  do {
    waited = child > 0 ? waitpid(child, &status, 0) : -1;
  } while (waited < 0 && errno == EINTR);
  if (waited == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::perror(what);
  std::abort();
}

}  // namespace

void ForkExitWait() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  WaitFor(child, "floor: fork");
}

void SpawnWait(const char* program, const char* argument) {
  char* arguments[] = {const_cast<char*>(program), const_cast<char*>(argument), nullptr};
  pid_t child = -1;
  errno = posix_spawn(&child, program, nullptr, nullptr, arguments, environ);
  WaitFor(errno == 0 ? child : -1, "floor: posix_spawn");
}

void ExitAtOnce() { _exit(0); }

}  // namespace bench
