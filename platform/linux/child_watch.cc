// By pidfd; by a pipe that only the child holds where there are no pidfds.
//
// Races:
// * Foreign code reaps first (waitpid(-1), SIGCHLD ignored): waitid says ECHILD; then PIDFD_GET_INFO
//   knows the status (6.15), maybe a moment later, as the thief is between the child's exit and
//   its reaping. Else the status is unknown.
// * Without pidfds the pipe's end is seen a moment before there is a status: it is waited for.
// * A signal races with the reaping: pidfd_send_signal says ESRCH and never meets a recycled pid.
// * Without pidfds, the child may close its end of the pipe early: the pipe's end is then a hint,
//   and waitpid is asked at intervals.
#include "platform/posix/child_watch.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "platform/error.h"
#include "platform/linux/pidfd.h"
#include "platform/posix/descriptor.h"

namespace progeny::platform {
namespace {

constexpr int kThiefAttempts = 20;
constexpr int kZombieAttempts = 20;

// What the C library's waitid leaves out: the kernel's has a fifth argument.
int ReapByHandle(int pidfd, siginfo_t& info, rusage& usage, int options) {
  return static_cast<int>(syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | options, &usage));
}

ExitInfo EndOf(const siginfo_t& info, const rusage& usage) {
  ExitInfo result;
  result.peak = PeakOf(usage);
  const bool exited = info.si_code == CLD_EXITED;
  result.kind = exited ? ExitInfo::Kind::kExited : ExitInfo::Kind::kSignalled;
  result.code = static_cast<uint32_t>(info.si_status);
  result.core_dumped = info.si_code == CLD_DUMPED;
  return result;
}

std::optional<ExitInfo> ReapByPidfd(int pidfd) {
  for (int attempt = 0; attempt < kThiefAttempts; ++attempt) {
    siginfo_t info{};
    rusage usage{};
    const int result = ReapByHandle(pidfd, info, usage, WNOHANG);
    if (result == 0 && info.si_pid == 0) return std::nullopt;
    if (result == 0) return EndOf(info, usage);
    if (errno == EINTR) continue;
    pollfd end{pidfd, POLLIN, 0};
    if (poll(&end, 1, 0) == 0) return std::nullopt;  // somebody else's to reap, and still running
    if (const std::optional<int> status = PidfdExitStatus(pidfd)) return FromWaitStatus(*status);
    if (attempt > 2) Nap();
  }
  return ExitInfo{};
}

// A pipe that has ended without a status soon after it was closed early.
std::optional<ExitInfo> ReapByPipe(pid_t pid, int end_of_pipe) {
  for (int attempt = 0;; ++attempt) {
    if (const std::optional<ExitInfo> status = ReapById(pid)) return status;
    pollfd end{end_of_pipe, POLLIN, 0};
    if (attempt == kZombieAttempts || poll(&end, 1, 0) == 0) return std::nullopt;
    Nap();
  }
}

}  // namespace

PeakMemory PeakOf(const rusage& usage) { return {int64_t{usage.ru_maxrss} << 10}; }

// exec counts what its caller had resident, which is this process's memory. The kernel's counters lag
// behind by some pages per thread.
int64_t PeakTakenOver() {
  constexpr int64_t kLag = 1 << 20;
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  return PeakOf(own).bytes + kLag;
}

absl::StatusOr<ExitPipe> PrepareExitPipe() {
  if (PidfdsWork()) return ExitPipe{};
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  return ExitPipe{std::move(ends->read), std::move(ends->write), {}, {}};
}

absl::StatusOr<ChildWatch> ChildWatch::Begin(pid_t pid, ExitPipe exit_pipe) {
  if (exit_pipe.server != nullptr) {
    ChildWatch watch(pid, std::move(exit_pipe.read), Kind::kServer);
    watch.server_ = std::move(exit_pipe.server);
    return watch;
  }
  if (exit_pipe.read.valid()) return ChildWatch(pid, std::move(exit_pipe.read), Kind::kPipe);
  if (exit_pipe.process.valid()) return ChildWatch(pid, std::move(exit_pipe.process), Kind::kProcess);
  absl::StatusOr<Handle> pidfd = AboveStandardStreams(PidfdOpen(pid), "open a child's handle");
  if (pidfd.ok()) return ChildWatch(pid, *std::move(pidfd), Kind::kProcess);
  if (OsErrorCodeOf(pidfd.status()) != ESRCH) return pidfd.status();
  // Gone, and reaped by another: a pipe at its end is as good a sentinel.
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  return ChildWatch(pid, std::move(ends->read), Kind::kPipe);
}

ChildWatch::~ChildWatch() = default;

std::optional<ExitInfo> ChildWatch::Reap() {
  if (kind_ == Kind::kServer) return ReapFromServer(sentinel());
  return kind_ == Kind::kProcess ? ReapByPidfd(sentinel()) : ReapByPipe(pid_, sentinel());
}

// A recycled id can't be met: the call goes by the handle. Whatever goes wrong, Reap() finds out.
std::optional<ExitInfo> ChildWatch::AwaitAndReap() {
  if (kind_ != Kind::kProcess) return std::nullopt;
  siginfo_t info{};
  rusage usage{};
  int result = 0;
  do {
    result = ReapByHandle(sentinel(), info, usage, 0);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return std::nullopt;
  return EndOf(info, usage);
}

int ChildWatch::Signal(int signal) {
  if (kind_ == Kind::kServer) return SignalThroughServer(*server_, pid_, sentinel(), signal);
  return kind_ == Kind::kProcess ? PidfdSendSignal(sentinel(), signal) : SignalById(pid_, signal);
}

}  // namespace progeny::platform
