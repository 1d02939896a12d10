#include "python_peer.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

pid_t python = -1;
std::FILE* to_python = nullptr;
std::FILE* from_python = nullptr;

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::abort();
}

}  // namespace

void StartPythonPeer() {
  if (std::system("python3 -c 'import multiprocessing' 2>/dev/null") != 0) return;
  int requests[2];
  int answers[2];
  if (pipe2(requests, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0) Fail("pipe");
  python = fork();
  if (python < 0) Fail("fork");
  if (python == 0) {
    dup2(requests[0], 0);
    dup2(answers[1], 1);
    execlp("python3", "python3", PROGENY_BENCH_PYTHON_POOL, static_cast<char*>(nullptr));
    _exit(127);
  }
  close(requests[0]);
  close(answers[1]);
  to_python = fdopen(requests[1], "w");
  from_python = fdopen(answers[0], "r");
}

void EndPythonPeer() {
  if (!HasPythonPeer()) return;
  std::fclose(to_python);
  std::fclose(from_python);
  from_python = nullptr;
  waitpid(python, nullptr, 0);
}

bool HasPythonPeer() { return from_python != nullptr; }

double AskPython(const std::string& line) {
  char answer[64];
  if (std::fputs((line + "\n").c_str(), to_python) < 0 || std::fflush(to_python) != 0 ||
      std::fgets(answer, sizeof answer, from_python) == nullptr) {
    Fail("python3");
  }
  return std::atof(answer);
}

}  // namespace bench
