// clone with CLONE_PARENT: the child is the client's, so the client's waitid, pidfd and lifeline work
// as for any child of its own, whatever becomes of the server.
//
// libc's fork() can't be asked for that, so what it would do is done here (docs/design.md):
// * glibc caches the thread's id: the kernel writes the child's into that place (CLONE_CHILD_SETTID),
//   which prctl(PR_GET_TID_ADDRESS) tells. Without it mutexes would name a wrong owner. Where the
//   place doesn't hold our id (another libc, a kernel without that prctl) this way is not taken.
// * The robust list is not inherited: it is registered again, or nobody would hear of mutexes that
//   the child dies with.
// * What is the server's alone is forgotten by hand. No lock is taken for that, as the server has one
//   thread, which also leaves the allocator's and stdio's free: after each fork the server would have
//   to copy the pages that the locks lie in.
// It is not taken under ThreadSanitizer either, whose runtime must know of every fork.
#include "platform/posix/served_fork.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "platform/posix/fork_handlers.h"

extern "C" [[gnu::weak]] void __tsan_init();

namespace progeny::platform {
namespace {

constexpr uint64_t kFlags =
    CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;

// nullptr where it can't be told.
int* ThreadIdPlace() {
  int* place = nullptr;
  if (prctl(PR_GET_TID_ADDRESS, &place, 0, 0, 0) != 0 || place == nullptr) return nullptr;
  return *place == static_cast<int>(syscall(SYS_gettid)) ? place : nullptr;
}

struct RobustList {
  void* head = nullptr;
  size_t size = 0;
};

struct Places {
  int* thread_id = nullptr;
  RobustList robust;
};

// Asked for each time, which is three small calls: a server may be a copy of a server's child, and serve
// on another thread's stack.
Places OwnPlaces() {
  Places found;
  if (&__tsan_init != nullptr) return found;
  found.thread_id = ThreadIdPlace();
  if (syscall(SYS_get_robust_list, 0, &found.robust.head, &found.robust.size) != 0) found.robust = {};
  return found;
}

long CloneWithHandle(const Places& places, std::atomic<uint32_t>& told, int& pidfd) {
  clone_args arguments{};
  arguments.flags = kFlags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.child_tid = reinterpret_cast<uint64_t>(places.thread_id);
  arguments.parent_tid = reinterpret_cast<uint64_t>(&told);
  return syscall(SYS_clone3, &arguments, sizeof arguments);
}

// Before Linux 5.3, and where a sandbox hides clone3.
long CloneWithout(const Places& places, std::atomic<uint32_t>& told) {
#if defined(__x86_64__)
  return syscall(SYS_clone, kFlags, nullptr, &told, places.thread_id, nullptr);
#else
  return syscall(SYS_clone, kFlags, nullptr, &told, nullptr, places.thread_id);
#endif
}

}  // namespace

ServedFork ForkForClient(std::atomic<uint32_t>& told) {
  ServedFork made;
  const Places places = OwnPlaces();
  if (places.thread_id == nullptr) {
    made.error = ENOSYS;
    return made;
  }
  static bool with_handle = true;  // one thread
  int pidfd = -1;
  long pid = with_handle ? CloneWithHandle(places, told, pidfd) : -1;
  if (!with_handle || (pid < 0 && (errno == ENOSYS || errno == EPERM))) {
    with_handle = false;
    pid = CloneWithout(places, told);
  }
  made.has_handle = with_handle;
  if (pid == 0) {
    if (places.robust.head != nullptr) {
      syscall(SYS_set_robust_list, places.robust.head, places.robust.size);
    }
    ForgetInUnlockedChild();
    made.pid = 0;
    return made;
  }
  const int error = errno;
  made.pid = static_cast<pid_t>(pid);
  if (pidfd >= 0) made.process = Handle(pidfd);
  // Refused, or this process is the first of its pid namespace: those can have no siblings.
  if (pid < 0) made.error = error == EPERM || error == EINVAL ? ENOSYS : error;
  return made;
}

// Without libc's two functions for it: each lies in a page that the child would have to fault in.
void SetSignalMask(const sigset_t& mask) {
  constexpr size_t kKernelBytes = (_NSIG - 1) / 8;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, kKernelBytes);
}

// By the number of links, as ids mean nothing where /proc is another pid namespace's.
size_t ThreadsInTheWay() {
  struct stat tasks {};
  if (stat("/proc/self/task", &tasks) != 0) return 0;
  const size_t expected = 3 + (&__tsan_init != nullptr ? 1 : 0);  // "." and "..", and this thread
  return tasks.st_nlink > expected ? tasks.st_nlink - expected : 0;
}

}  // namespace progeny::platform
