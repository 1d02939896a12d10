// Ctrl-C for a program with children: each is told once, those that don't listen are ended, and the
// program ends with exit code 130.
//
//     int main(int argc, char** argv) {
//       progeny::MainGuard guard(argc, argv);
//       progeny::InterruptGuard interrupts;
//       ...
//     }
//
// Without it progeny installs no handler, and Ctrl-C does what it does anyway: in a terminal parent and
// children get SIGINT alike, each dies of it or handles it, and who is left ends with the parent.
#ifndef PROGENY_INTERRUPT_GUARD_H_
#define PROGENY_INTERRUPT_GUARD_H_

#include <memory>

namespace progeny {

// While one lives, an interrupt of this process
// * asks every running child to stop (this_process::StopRequested, StopToken);
// * is passed on to those children whom it hasn't reached: a terminal tells all processes in the
//   foreground by itself, `kill -INT <pid>` one process alone;
// * gives them the time of ProcessOptions::stop (`interrupt`, else `request`, else `grace`), then goes up
//   the rest of their ladders, all children at once; detached ones are left alone;
// * ends this process with exit code 130: the standard streams are flushed, destructors and atexit
//   functions don't run. Whatever main does meanwhile, its return or exit() waits for that.
// A second interrupt kills at once who is left.
//
// It is heard on a thread of the guard's own; a fork beside that one is safe. A forked child gets the
// disposition back that was there before the guard; a re-executed one has the default.
//
// POSIX: SIGINT. If SIGINT is ignored when the guard is made (a job in the background), it stays so. A
// SIGINT that a program sends to the whole process group, not the terminal, reaches children twice.
// Windows: Ctrl-C and Ctrl-Break of the console, and Process::Interrupt by this process's parent.
// macOS: tried by nobody yet.
class InterruptGuard {
 public:
  // One at a time in a process. If there is another, or the system refuses, that is told through Log
  // and this one does nothing.
  InterruptGuard();
  // From here on interrupts do what they did before.
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  class Ear;
  std::unique_ptr<Ear> ear_;
};

}  // namespace progeny

#endif  // PROGENY_INTERRUPT_GUARD_H_
