// Keeps SIGPIPE away from a thread for a while, without touching the program's handler: the signal
// is blocked, and one that our own write raised is taken before the mask is put back.
#ifndef PROGENY_PLATFORM_POSIX_SIGPIPE_H_
#define PROGENY_PLATFORM_POSIX_SIGPIPE_H_

#include <pthread.h>
#include <signal.h>

namespace progeny::platform {

// Linux sends the signal to the thread that writes: SigpipeGuard holds it off, and this does nothing.
// macOS sends it to the process, where any thread may take it: this tells the descriptor's file never
// to raise it. Only for an end that no child gets: a program expects SIGPIPE from its own output.
void NeverRaiseSigpipe(int descriptor);

class SigpipeGuard {
 public:
  SigpipeGuard() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeGuard() {
    if (raised_ && !was_pending_) {
      int taken = 0;
      sigset_t pending;
      sigpending(&pending);
      if (sigismember(&pending, SIGPIPE) == 1) sigwait(&sigpipe_, &taken);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

  // A write said EPIPE: a SIGPIPE is now pending for this thread.
  void NoteRaised() { raised_ = true; }

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_ = false;
  bool raised_ = false;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_SIGPIPE_H_
