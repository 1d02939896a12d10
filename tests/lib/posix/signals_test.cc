// What signals, foreign reapers and inherited dispositions do to children on POSIX systems.
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::kPatience;

class SignalsTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(SignalsTest);

// One disposition for one scope.
class Disposition {
 public:
  Disposition(int signal, void (*handler)(int), int flags = 0) : signal_(signal) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(signal_, &action, &before_);
  }
  ~Disposition() { sigaction(signal_, &before_, nullptr); }

 private:
  const int signal_;
  struct sigaction before_ {};
};

TEST_P(SignalsTest, EndBySignal_NamesIt) {
  struct Case {
    absl::Status (Process::*end)();
    int signal;
    const char* words;
  };
  for (const auto& [end, signal, words] : {Case{&Process::Interrupt, SIGINT, "killed by SIGINT"},
                                           Case{&Process::Terminate, SIGTERM, "killed by SIGTERM"},
                                           Case{&Process::Kill, SIGKILL, "killed by SIGKILL"}}) {
    absl::StatusOr<Process> child = Process::Start(Talking(), fn<&tests::StayUntilEnded>);
    ASSERT_OK(child);
    EXPECT_EQ(tests::ReadLine(child->out()), "ready");
    ASSERT_OK(((*child).*end)());
    const ExitStatus status = *child->Join(kPatience);
    EXPECT_TRUE(status.signalled());
    EXPECT_EQ(status.signal(), signal);
    EXPECT_EQ(status.ToString(), words);
  }
}

int RaiseIt(int signal) {
  ::signal(signal, SIG_DFL);
  raise(signal);
  return tests::kNobodyEndedMe;
}

TEST_P(SignalsTest, FaultSignalsAreCrashes_OthersAreTerminations) {
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    ProcessOptions options = Options();
    options.limits.core_size = 0;
    absl::StatusOr<Process> child = Process::Start(options, fn<&RaiseIt>, signal);
    ASSERT_OK(child);
    const ExitStatus status = *child->Join(kPatience);
    EXPECT_TRUE(status.crashed() && !status.terminated()) << status.ToString();
    EXPECT_EQ(status.signal(), signal);
  }
  for (int signal : {SIGHUP, SIGUSR1, SIGPIPE, SIGALRM, SIGXCPU}) {
    absl::StatusOr<Process> child = Process::Start(Options(), fn<&RaiseIt>, signal);
    ASSERT_OK(child);
    const ExitStatus status = *child->Join(kPatience);
    EXPECT_TRUE(status.terminated() && !status.crashed()) << status.ToString();
  }
}

// Right where the kernel still tells it, else unknown; never wrong.
void ExpectRightOrUnknown(const ProcessOptions& options, int rounds) {
  int unknown = 0;
  for (int i = 0; i < rounds; ++i) {
    absl::StatusOr<Process> child = Process::Start(options, fn<&tests::ExitWith>, 17);
    ASSERT_OK(child);
    const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    ASSERT_OK(end);
    EXPECT_TRUE(end->unknown() || end->exit_code() == 17) << end->ToString();
    unknown += end->unknown() ? 1 : 0;
  }
  testing::Test::RecordProperty("unknown", unknown);
}

TEST_P(SignalsTest, IgnoredSigchld_NeverMakesAStatusWrong) {
  const Disposition ignore(SIGCHLD, SIG_IGN);
  ExpectRightOrUnknown(Options(), forks() ? 50 : 10);
}

TEST_P(SignalsTest, SigchldWithoutZombies_NeverMakesAStatusWrong) {
  const Disposition no_wait(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
  ExpectRightOrUnknown(Options(), forks() ? 50 : 10);
}

TEST_P(SignalsTest, ForeignReaper_NeverMakesAStatusWrong) {
  std::atomic<bool> stop{false};
  std::thread thief([&] {
    while (!stop) {
      if (waitpid(-1, nullptr, WNOHANG) <= 0) std::this_thread::yield();
    }
  });
  ExpectRightOrUnknown(Options(), forks() ? 50 : 10);
  stop = true;
  thief.join();
}

std::atomic<int> notified{0};

TEST_P(SignalsTest, HandlersOfTheProgram_AreLeftInPlace) {
  const Disposition own(SIGCHLD, [](int) { ++notified; });
  notified = 0;
  EXPECT_EQ(*Call(Options(), fn<&tests::ExitWith>, 3), 3);
  struct sigaction now {};
  sigaction(SIGCHLD, nullptr, &now);
  EXPECT_NE(now.sa_handler, SIG_DFL);
  // A fork server's child is the server's where it can't be its client's.
  if (Options().start_method == StartMethod::kForkServer) return;
  EXPECT_TRUE(tests::WaitUntil([] { return notified.load() > 0; })) << "the program still hears of it";
}

TEST_P(SignalsTest, MaskOfTheCaller_IsRestored) {
  sigset_t blocked, before, after;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  EXPECT_EQ(*Call(Options(), fn<&tests::ExitWith>, 3), 3);
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGUSR2), 1);
  EXPECT_EQ(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

int SameProcessGroup(int64_t parents) { return getpgrp() == parents ? tests::kDone : tests::kWrongValue; }

TEST_P(SignalsTest, Children_StayInTheParentsProcessGroup) {
  EXPECT_EQ(*Call(Options(), fn<&SameProcessGroup>, static_cast<int64_t>(getpgrp())), tests::kDone)
      << "so that Ctrl-C reaches them once, from the terminal";
}

TEST_P(SignalsTest, SystemCallsInterruptedByHandlers_DoNotEndAWait) {
  const Disposition nothing(SIGUSR1, [](int) {});
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  const pthread_t waiter = pthread_self();
  std::atomic<bool> stop{false};
  std::thread disturber([&] {
    for (int i = 0; i < 200; ++i) {
      pthread_kill(waiter, SIGUSR1);
      std::this_thread::yield();
    }
    EXPECT_OK(child->RequestStop());
    while (!stop) {
      pthread_kill(waiter, SIGUSR1);
      std::this_thread::yield();
    }
  });
  const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
  stop = true;
  disturber.join();
  ASSERT_OK(end);
  EXPECT_TRUE(end->ok()) << end->ToString();
}

}  // namespace
}  // namespace progeny
