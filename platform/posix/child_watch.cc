#include "platform/posix/child_watch.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>

namespace progeny::platform {

ExitInfo FromWaitStatus(int status) {
  ExitInfo info;
  if (WIFEXITED(status)) {
    info.kind = ExitInfo::Kind::kExited;
    info.code = static_cast<uint32_t>(WEXITSTATUS(status));
  } else if (WIFSIGNALED(status)) {
    info.kind = ExitInfo::Kind::kSignalled;
    info.code = static_cast<uint32_t>(WTERMSIG(status));
    info.core_dumped = WCOREDUMP(status);
  }
  return info;
}

std::optional<ExitInfo> ReapById(pid_t pid) {
  int status = 0;
  pid_t got = 0;
  rusage usage{};
  do {
    got = wait4(pid, &status, WNOHANG, &usage);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return std::nullopt;
  if (got != pid) return ExitInfo{};
  ExitInfo info = FromWaitStatus(status);
  info.peak = PeakOf(usage);
  return info;
}

int SignalById(pid_t pid, int signal) {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    errno = ESRCH;
    return -1;
  }
  return info.si_pid == 0 ? kill(pid, signal) : 0;
}

std::optional<ExitInfo> ReapFromServer(int status_socket) {
  ServedEnd end;
  ssize_t got = 0;
  do {
    got = recv(status_socket, &end, sizeof end, MSG_PEEK | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::nullopt;
  if (got != static_cast<ssize_t>(sizeof end)) return ExitInfo{};
  ExitInfo info = FromWaitStatus(end.status);
  info.peak = PeakMemory{end.peak_bytes};
  return info;
}

int SignalThroughServer(ServerConnection& server, pid_t pid, int status_socket, int signal) {
  if (ReapFromServer(status_socket)) {
    errno = ESRCH;
    return -1;
  }
  if (server.Signal(pid, signal) == 0) return 0;
  if (errno != EPIPE) return -1;
  if (ReapFromServer(status_socket)) {
    errno = ESRCH;
    return -1;
  }
  return kill(pid, signal);
}

void Nap() {
  const timespec time{0, 1'000'000};
  nanosleep(&time, nullptr);
}

}  // namespace progeny::platform
