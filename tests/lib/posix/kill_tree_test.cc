// KillTree beside families of plain forks that go on growing: whoever is left would hold the pipe open.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <random>

#include "absl/time/clock.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::kPatience;

class KillTreeTest : public tests::LeakFreeTest {
 protected:
  // Starts `grow` in a child; the pipe's write end is its family's alone.
  absl::StatusOr<Process> StartFamily(void (*grow)()) {
    absl::StatusOr<Process> child = Process::Fork({.fork_safety = ForkSafetyPolicy::kIgnore}, [&] {
      close(pipe_[0]);
      grow();
    });
    close(pipe_[1]);
    return child;
  }
  // True once nobody holds the other end.
  bool EverybodyIsGone() {
    pollfd end{pipe_[0], POLLIN, 0};
    return poll(&end, 1, static_cast<int>(kPatience / absl::Milliseconds(1))) == 1;
  }

  int pipe_[2] = {-1, -1};
};

[[noreturn]] void Stay() {
  while (true) pause();
}

// A chain: each forks the next one, and stays.
void GrowDown() {
  for (int depth = 0; depth < 25; ++depth) {
    if (fork() != 0) Stay();
  }
  Stay();
}

// A bush: three generations, each process with several children.
void GrowWide() {
  for (int generation = 0; generation < 3; ++generation) {
    for (int i = 0; i < 4; ++i) {
      if (fork() == 0) break;
      if (i == 3) Stay();
    }
  }
  Stay();
}

void GrowDeaf() {
  signal(SIGCONT, SIG_IGN);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  GrowWide();
}

TEST_F(KillTreeTest, AFamilyThatGoesOnGrowing_IsEndedToTheLastOne) {
  std::mt19937 random(7);
  for (int round = 0; round < 4; ++round) {
    for (void (*grow)() : {&GrowDown, &GrowWide, &GrowDeaf}) {
      ASSERT_EQ(pipe(pipe_), 0);
      absl::StatusOr<Process> child = StartFamily(grow);
      ASSERT_OK(child);
      // At any moment of its growth, the one at which it has just begun included.
      absl::SleepFor(absl::Microseconds(random() % 4000));
      ASSERT_OK(child->KillTree());
      EXPECT_EQ(child->Join(kPatience)->signal(), SIGKILL);
      EXPECT_TRUE(EverybodyIsGone());
      close(pipe_[0]);
    }
  }
}

}  // namespace
}  // namespace progeny
