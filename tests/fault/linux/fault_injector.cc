#include "linux/fault_injector.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <vector>

namespace progeny::tests {
namespace {

struct CallOfInterest {
  int number;
  const char* name;
  std::array<int, 3> errors;  // 0: no more
};

// Of start, wait and hand-over; the errors that can come without a mistake of the caller's.
constexpr CallOfInterest kCalls[] = {
    {SYS_openat, "openat", {EMFILE, ENFILE, ENOENT}},
    {SYS_mmap, "mmap", {ENOMEM, EAGAIN}},
    {SYS_mprotect, "mprotect", {ENOMEM}},
    {SYS_madvise, "madvise", {ENOMEM, EINVAL}},
    {SYS_memfd_create, "memfd_create", {EMFILE, ENOMEM, ENFILE}},
    {SYS_pipe2, "pipe2", {EMFILE, ENFILE}},
    {SYS_socketpair, "socketpair", {EMFILE, ENOMEM}},
    {SYS_sendmsg, "sendmsg", {EINTR, ENOBUFS, EPIPE}},
    {SYS_recvmsg, "recvmsg", {EINTR, ENOMEM, ECONNRESET}},
    {SYS_clone, "clone", {EAGAIN, ENOMEM}},
    {SYS_clone3, "clone3", {EAGAIN, ENOMEM, ENOSYS}},
    {SYS_vfork, "vfork", {EAGAIN, ENOMEM}},
    {SYS_fork, "fork", {EAGAIN, ENOMEM}},
    {SYS_execve, "execve", {ENOENT, ENOMEM, EACCES}},
    {SYS_pidfd_open, "pidfd_open", {EMFILE, ENOMEM, ENOSYS}},
    {SYS_pidfd_send_signal, "pidfd_send_signal", {EPERM, ENOSYS}},
    {SYS_kill, "kill", {EPERM}},
    {SYS_waitid, "waitid", {EINTR, ECHILD}},
    {SYS_wait4, "wait4", {EINTR, ECHILD}},
    {SYS_poll, "poll", {EINTR, ENOMEM}},
    {SYS_ppoll, "ppoll", {EINTR, ENOMEM}},
    {SYS_fcntl, "fcntl", {EMFILE, EINVAL, EPERM}},
    {SYS_dup, "dup", {EMFILE}},
    {SYS_dup2, "dup2", {EMFILE, EINTR}},
    {SYS_dup3, "dup3", {EMFILE, EINTR}},
    {SYS_ftruncate, "ftruncate", {EINTR, ENOSPC, EPERM}},
    {SYS_fallocate, "fallocate", {EINTR, ENOSPC, EOPNOTSUPP}},
    {SYS_pwrite64, "pwrite64", {EINTR, ENOSPC}},
    {SYS_pwritev, "pwritev", {EINTR, ENOSPC}},
    {SYS_pread64, "pread64", {EINTR, EIO}},
    {SYS_write, "write", {EINTR, EPIPE, ENOSPC}},
    {SYS_read, "read", {EINTR, EIO}},
    {SYS_readlink, "readlink", {ENOENT, EACCES}},
    {SYS_readlinkat, "readlinkat", {ENOENT, EACCES}},
    {SYS_newfstatat, "fstat", {ENOENT, ENOMEM}},
    {SYS_fstat, "fstat", {ENOMEM}},
    {SYS_prlimit64, "prlimit64", {EPERM, EINVAL}},
    {SYS_close_range, "close_range", {ENOSYS, EMFILE}},
    {SYS_chdir, "chdir", {ENOENT, EACCES}},
    {SYS_prctl, "prctl", {EINVAL}},
    {SYS_ioctl, "ioctl", {EINVAL, ENOTTY}},
    {SYS_getrandom, "getrandom", {EINTR, ENOSYS}},
    {SYS_sigaltstack, "sigaltstack", {ENOMEM}},
};

const CallOfInterest* Find(int number) {
  for (const CallOfInterest& call : kCalls) {
    if (call.number == number) return &call;
  }
  return nullptr;
}

std::vector<sock_filter> Program() {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const CallOfInterest& call : kCalls) {
    program.push_back(
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call.number), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return program;
}

}  // namespace

int MostVariants() { return std::tuple_size_v<decltype(CallOfInterest::errors)>; }

// The decider is started first: it must not be filtered itself.
bool FaultInjector::Install() {
  starter_ = static_cast<pid_t>(syscall(SYS_gettid));
  decider_ = std::thread([this] { Decide(); });
  decider_.detach();
  std::vector<sock_filter> filter = Program();
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const long listener =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) {
    std::fprintf(stderr, "seccomp: %s\n", std::strerror(errno));
    return false;
  }
  listener_ = static_cast<int>(listener);
  listener_.notify_all();
  return true;
}

// Neither allocates nor locks: the thread it decides for may hold anything.
void FaultInjector::Decide() {
  listener_.wait(-1);
  for (;;) {
    seccomp_notif asked{};
    if (ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) {
      if (errno == EINTR || errno == ENOENT) continue;  // who asked has been killed
      return;
    }
    seccomp_notif_resp answer{};
    answer.id = asked.id;
    const int error = ErrorFor(asked.data.nr, asked.data.args, static_cast<pid_t>(asked.pid));
    if (error != 0) {
      answer.error = -error;
    } else {
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

int FaultInjector::ErrorFor(int number, const unsigned long long* arguments, pid_t pid) {
  const CallOfInterest* const call = Find(number);
  // Memory of malloc's own: what a program does without it is no matter of starting processes.
  const bool anonymous = number == SYS_mmap && (arguments[3] & MAP_ANONYMOUS) != 0;
  if (!armed_ || call == nullptr || anonymous) return 0;
  if (seen_++ != plan_.nth) return 0;
  const int error = call->errors[static_cast<size_t>(plan_.variant)];
  if (error == 0) return 0;
  in_starter_ = pid == starter_;
  failed_error_ = error;
  failed_call_ = number;
  return error;
}

std::string FaultInjector::fault() const {
  const CallOfInterest* const call = Find(failed_call_);
  if (call == nullptr) return "";
  return std::string(call->name) + ": " + std::strerror(failed_error_) +
         (in_starter_ ? ", in the process that starts" : ", in a process it started");
}

}  // namespace progeny::tests
