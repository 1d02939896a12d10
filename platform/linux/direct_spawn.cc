// clone3(CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND), then exec: Linux 5.5. Not CLONE_PIDFD: the
// child's handle is taken while it executes its image already, which costs no time.
//
// Until it executes the image the child runs in the parent's memory, on the parent's stack below the
// frame that called it, while the calling thread sleeps in the kernel. Interleavings:
// * Other threads of the parent run on. The child takes no lock and allocates nothing; it makes raw
//   system calls and writes nothing but its own frames, errno of the sleeping thread, and the result.
// * A signal meant for the child finds no handler of the parent's: CLONE_CLEAR_SIGHAND gave it the
//   defaults at birth. It dies by it or not; the parent wakes up in either case.
// * The parent is killed meanwhile: its thread goes, the child runs on with its own reference to the
//   memory. It holds a copy of the lifeline's write end until exec closes it: by then it is armed, and
//   the kernel kills it.
// * The child fails: its error stands in the result before the parent wakes up; the parent reaps it.
// Sanitizers: this file is built without them, as their bookkeeping would take the child's frames for
// the parent's.
#include "platform/posix/direct_spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace progeny::platform {

#if defined(__x86_64__) && defined(SYS_clone3) && defined(SYS_close_range)
namespace {

// linux/sched.h, first published size that has all we need; not every distribution's headers do.
struct CloneArguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};
constexpr uint64_t kVm = 0x100;
constexpr uint64_t kVfork = 0x4000;
constexpr uint64_t kClearHandlers = 0x100000000;

constexpr int kFailedExitCode = 127;
constexpr size_t kSignalSetBytes = 8;  // the kernel's, not the C library's

struct Birth {
  const DirectSpawn* plan;
  volatile int error;
};

bool Set(long result, Birth& birth) {
  if (result >= 0) return true;
  birth.error = errno;
  return false;
}

void Arm(int reader) {
  const f_owner_ex self{F_OWNER_PID, static_cast<pid_t>(syscall(SYS_getpid))};
  syscall(SYS_fcntl, reader, F_SETOWN_EX, &self);
  syscall(SYS_fcntl, reader, F_SETSIG, SIGKILL);
  syscall(SYS_fcntl, reader, F_SETFL, O_NONBLOCK | O_ASYNC);
}

bool Prepare(Birth& birth) {
  const DirectSpawn& plan = *birth.plan;
  if (plan.lifeline >= 0) {
    Arm(plan.lifeline);
    plan.bound->store(1, std::memory_order_relaxed);
  }
  for (size_t i = 0; i < plan.move_count; ++i) {
    if (!Set(syscall(SYS_dup3, plan.moves[i].from, plan.moves[i].to, 0), birth)) return false;
  }
  if (plan.directory != nullptr && !Set(syscall(SYS_chdir, plan.directory), birth)) return false;
  if (!Set(syscall(SYS_close_range, plan.first_closed, ~0U, 0), birth)) return false;
  const uint64_t none = 0;
  return Set(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kSignalSetBytes), birth);
}

[[noreturn]] void RunChild(Birth* birth) {
  const DirectSpawn& plan = *birth->plan;
  if (Prepare(*birth)) {
    (void)Set(syscall(SYS_execve, plan.path, plan.arguments, plan.environment), *birth);
  }
  while (true) syscall(SYS_exit_group, kFailedExitCode);
}

// The child never returns from here. It begins below the red zone of the frame it borrows.
[[gnu::noinline]] long Clone(CloneArguments& arguments, Birth& birth) {
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "leaq -256(%%rsp), %%rsp\n\t"
      "andq $-16, %%rsp\n\t"
      "movq %[birth], %%rdi\n\t"
      "callq *%[child]\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), [birth] "r"(&birth), [child] "r"(&RunChild)
      : "rcx", "r11", "memory", "cc");
  return result;
}

// Whoever else waits for everything may have been faster.
void Reap(pid_t pid) {
  while (syscall(SYS_wait4, pid, nullptr, 0, nullptr) < 0 && errno == EINTR) {
  }
}

// A kernel that lacks a flag says EINVAL, a sandbox EPERM.
bool CannotDo(int error) { return error == ENOSYS || error == EINVAL || error == EPERM; }

}  // namespace

DirectResult SpawnDirectly(const DirectSpawn& plan) {
  Birth birth{&plan, 0};
  CloneArguments arguments{};
  arguments.flags = kVm | kVfork | kClearHandlers;
  arguments.exit_signal = SIGCHLD;
  const long pid = Clone(arguments, birth);
  if (pid < 0) {
    const int error = static_cast<int>(-pid);
    return {.error = CannotDo(error) ? ENOSYS : error};
  }
  if (birth.error == 0) return {.pid = static_cast<pid_t>(pid)};
  Reap(static_cast<pid_t>(pid));
  if (plan.bound != nullptr) plan.bound->store(0);
  return {.error = birth.error};
}

#else

DirectResult SpawnDirectly(const DirectSpawn&) { return {.error = ENOSYS}; }

#endif

}  // namespace progeny::platform
