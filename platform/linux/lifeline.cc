// The lifeline on Linux: no thread, no PR_SET_PDEATHSIG.
//
// A read end set to O_ASYNC with an owner and SIGKILL as its signal makes the kernel kill the owner
// when the last write end closes: fcntl(2), F_SETOWN_EX and F_SETSIG. PDEATHSIG was not taken: it
// fires when the *thread* that started the child ends, and is cleared by credential changes.
//
// Races and traps, each with its answer (tried; docs/design.md has the table):
// * Owner and signal belong to the open file description: two children armed on one description
//   would leave only the last one bound. So the parent opens the pipe anew for each child, through
//   /proc/self/fd (without /proc: a pipe per child).
// * Any other holder of the write end keeps everybody alive: forked children close it first of all
//   (atfork handler); exec'ed ones never get it (close-on-exec).
// * The parent dies before the child is armed: the child polls once after arming and ends itself.
//   A child that execs is armed before it does, by itself or by the parent, as it may never reach
//   its guard.
// * The child closes all its descriptors: the parent keeps its own reader of the same description
//   until the child is reaped, and its write end has a higher number than any reader, as
//   descriptors of a dying process are released highest first.
#include "platform/posix/lifeline.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/launch.h"
#include "platform/posix/descriptor.h"
#include "platform/posix/fork_lock.h"
#include "platform/posix/own_state.h"

namespace progeny::platform {
namespace {

constexpr int kParentGoneExitCode = 137;  // as a shell tells SIGKILL

// Under ForkLock().
struct Lifeline {
  Handle read;
  Handle write;
  Handle descriptors;        // /proc/self/fd: to begin there is half the way
  std::vector<int> writers;  // pipes of children for whom the pipe couldn't be opened anew
};

Lifeline& Process() {
  static Lifeline& lifeline = *new Lifeline;
  return lifeline;
}

// A higher number than any reader's, but no higher than needed: every fork and exec copies the
// table of descriptors up to its highest one (number 17,000 cost 280 us a start).
constexpr int kFirstWriteEnd = 63;  // the last that fits the kernel's smallest table

void MoveAbove(Handle& write, int reader, int above) {
  if (write.get() > reader) return;
  const int high = fcntl(static_cast<int>(write.get()), F_DUPFD_CLOEXEC, above);
  if (high >= 0) write = Handle(high);
}

absl::Status MakePipe(Lifeline& lifeline) {
  absl::StatusOr<PipeEnds> ends = CreatePipe();
  if (!ends.ok()) return ends.status();
  lifeline.read = std::move(ends->read);
  lifeline.write = std::move(ends->write);
  MoveAbove(lifeline.write, kFirstWriteEnd - 1, kFirstWriteEnd);
  return absl::OkStatus();
}

int OpenAnew(Lifeline& lifeline) {
  if (!lifeline.descriptors.valid()) {
    const int folder = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -1;
    absl::StatusOr<Handle> kept = AboveStandardStreams(folder, "open /proc/self/fd");
    if (!kept.ok()) return -1;
    lifeline.descriptors = *std::move(kept);
  }
  const std::string name = absl::StrCat(lifeline.read.get());
  return openat(static_cast<int>(lifeline.descriptors.get()), name.c_str(),
                O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

// Through a pointer, which the loader fills at start-up: a call that only children make would be bound
// in each forked child anew, and that look-up touches eleven pages of the loader and its tables.
int (*const volatile look_at_end)(pollfd*, nfds_t, int) = &poll;

void Arm(int reader, pid_t owner) {
  const f_owner_ex self{F_OWNER_PID, owner};
  fcntl(reader, F_SETOWN_EX, &self);
  fcntl(reader, F_SETSIG, SIGKILL);
  fcntl(reader, F_SETFL, O_NONBLOCK | O_ASYNC);
}

}  // namespace

absl::StatusOr<LifelineReader> OpenLifeline() {
  std::lock_guard<std::mutex> lock(ForkLock());
  Lifeline& lifeline = Process();
  if (!lifeline.read.valid()) {
    if (absl::Status made = MakePipe(lifeline); !made.ok()) return made;
  }
  int again = OpenAnew(lifeline);
  if (again < 0 && errno == EACCES) {
    // A pipe belongs to the user who made it, and this process has become another one since. The old
    // write end stays for the children that are bound to it.
    lifeline.writers.push_back(static_cast<int>(lifeline.write.Release()));
    if (absl::Status made = MakePipe(lifeline); !made.ok()) return made;
    again = OpenAnew(lifeline);
  }
  LifelineReader result;
  if (again >= 0 || errno != ENOENT) {
    absl::StatusOr<Handle> reader = AboveStandardStreams(again, "open the child's lifeline");
    if (!reader.ok()) return reader.status();
    result.reader = *std::move(reader);
    const int number = static_cast<int>(result.reader.get());
    MoveAbove(lifeline.write, number, 2 * number);
    result.write_end = static_cast<int>(lifeline.write.get());
    return result;
  }
  absl::StatusOr<PipeEnds> own = CreatePipe();
  if (!own.ok()) return own.status();
  result.reader = std::move(own->read);
  result.write_end = static_cast<int>(own->write.Release());
  lifeline.writers.push_back(result.write_end);
  return result;
}

void BindChild(const Handle& reader, pid_t child) { Arm(static_cast<int>(reader.get()), child); }

void BindSelf(int reader, SlotWords& words) {
  own.lifeline = reader;
  own.slot = &words;
  own.id = static_cast<pid_t>(syscall(SYS_getpid));  // getpid lies in a page of libc that nothing else needs
  if (words.bound.load(std::memory_order_relaxed) != 0) return;
  Arm(reader, own.id);
  if (words.detached.load(std::memory_order_acquire) != 0) {
    fcntl(reader, F_SETFL, O_NONBLOCK);
    return;
  }
  pollfd end{reader, POLLIN, 0};
  if (look_at_end(&end, 1, 0) != 0 && words.detached.load(std::memory_order_acquire) == 0) {
    _exit(kParentGoneExitCode);
  }
}

void Unbind(const Handle& reader, SlotWords& words) {
  words.detached.store(1, std::memory_order_release);
  fcntl(static_cast<int>(reader.get()), F_SETFL, O_NONBLOCK);
}

NativeHandle ParentSentinel() { return own.lifeline.load(); }

// The parent's pipe is not this process's: close the write end, so that siblings see its end of
// file, and make a new one when this process starts children of its own.
void ForgetLifelineInChild() {
  Lifeline& lifeline = Process();
  lifeline.write.Reset();
  lifeline.read.Reset();
  lifeline.descriptors.Reset();
  for (int writer : lifeline.writers) close(writer);
  lifeline.writers.clear();
}

}  // namespace progeny::platform
