#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "zygote.h"

namespace bench {
namespace {

constexpr size_t kRequestBytes = 64;
constexpr size_t kStreams = 3;

int zygote = -1;
std::FILE* to_python = nullptr;
std::FILE* from_python = nullptr;

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::abort();
}

union Control {
  cmsghdr align;
  char bytes[CMSG_SPACE(kStreams * sizeof(int))];
};

[[noreturn]] void Serve(int socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (true) {
    char request[kRequestBytes];
    Control control;
    iovec part{request, sizeof request};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) _exit(0);
    int streams[kStreams];
    std::memcpy(streams, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof streams);
    clone_args arguments{};
    arguments.flags = CLONE_PARENT;
    const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) _exit(0);
    for (int stream : streams) close(stream);
    const int reply = static_cast<int>(pid);
    if (send(socket, &reply, sizeof reply, MSG_NOSIGNAL) < 0) _exit(0);
  }
}

}  // namespace

void StartZygote() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) Fail("socketpair");
  const pid_t pid = fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    close(ends[0]);
    Serve(ends[1]);
  }
  close(ends[1]);
  zygote = ends[0];
}

void ZygoteForkWait() {
  char request[kRequestBytes] = {};
  const int streams[kStreams] = {0, 1, 2};
  Control control;
  iovec part{request, sizeof request};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof streams);
  std::memcpy(CMSG_DATA(header), streams, sizeof streams);
  if (sendmsg(zygote, &message, MSG_NOSIGNAL) < 0) Fail("sendmsg");
  int pid = 0;
  if (recv(zygote, &pid, sizeof pid, 0) != sizeof pid || pid <= 0) Fail("zygote");
  int status = 0;
  if (waitpid(pid, &status, 0) != pid || status != 0) Fail("waitpid");
}

bool StartPython() {
  if (std::system("python3 -c 'import multiprocessing' 2>/dev/null") != 0) return false;
  int requests[2];
  int answers[2];
  if (pipe(requests) != 0 || pipe(answers) != 0) Fail("pipe");
  const pid_t pid = fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(requests[0], 0);
    dup2(answers[1], 1);
    execlp("python3", "python3", PROGENY_BENCH_PYTHON, static_cast<char*>(nullptr));
    _exit(127);
  }
  close(requests[0]);
  close(answers[1]);
  to_python = fdopen(requests[1], "w");
  from_python = fdopen(answers[0], "r");
  PythonForkserverStartJoin();  // its server is up then
  return true;
}

void PythonForkserverStartJoin() {
  char line[16];
  if (std::fputs("\n", to_python) < 0 || std::fflush(to_python) != 0 ||
      std::fgets(line, sizeof line, from_python) == nullptr) {
    Fail("python3");
  }
}

}  // namespace bench
