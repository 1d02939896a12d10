// ProgressBar in a terminal: what is drawn on it.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/progress_bar.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// A new terminal as this process's standard error. It keeps some 4 KiB that nobody has read.
class ErrorsInTerminal {
 public:
  explicit ErrorsInTerminal(int columns) : before_(dup(STDERR_FILENO)) {
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    EXPECT_TRUE(master_ >= 0 && grantpt(master_) == 0 && unlockpt(master_) == 0);
    const int terminal = open(ptsname(master_), O_RDWR | O_NOCTTY);
    winsize size{};
    size.ws_row = 24;
    size.ws_col = static_cast<unsigned short>(columns);
    EXPECT_EQ(ioctl(terminal, TIOCSWINSZ, &size), 0);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
  }
  ~ErrorsInTerminal() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    close(master_);
  }

  std::string Read() {
    std::string shown;
    char buffer[4096];
    pollfd input{master_, POLLIN, 0};
    while (poll(&input, 1, 0) == 1 && (input.revents & POLLIN) != 0) {
      const ssize_t got = read(master_, buffer, sizeof buffer);
      if (got <= 0) break;
      shown.append(buffer, static_cast<size_t>(got));
    }
    return shown;
  }

 private:
  const int before_;
  int master_ = -1;
};

using ProgressBarTerminalTest = tests::LeakFreeTest;

ProgressBarOptions AtOnce() { return {.label = "parsing", .interval = absl::ZeroDuration()}; }

TEST_F(ProgressBarTerminalTest, HalfWay_ShowsABarOfWhichHalfIsFull) {
  ErrorsInTerminal terminal(80);
  const ProgressBar bar(AtOnce());
  bar({.done = 50, .failed = 3, .total = 100});
  EXPECT_THAT(terminal.Read(),
              MatchesRegex("\rparsing  50% \\[#+-+\\]  50/100, 3 failed, 0:0[0-9] left"));
}

TEST_F(ProgressBarTerminalTest, Done_EndsTheLine_AndDrawsNoMore) {
  ErrorsInTerminal terminal(80);
  const ProgressBar bar(AtOnce());
  bar({.done = 10, .total = 10});
  EXPECT_THAT(terminal.Read(), MatchesRegex("\rparsing 100% \\[#+\\]  10/10 in 0:0[0-9]\r\n"));
  bar({.done = 10, .total = 10});
  EXPECT_EQ(terminal.Read(), "");
}

TEST_F(ProgressBarTerminalTest, GivenUpHalfWay_TheLastCopyEndsTheLine) {
  ErrorsInTerminal terminal(80);
  {
    const ProgressBar bar(AtOnce());
    {
      const ProgressBar copy = bar;
      copy({.done = 1, .total = 4});
    }
    EXPECT_THAT(terminal.Read(), Not(HasSubstr("\n")));
  }
  EXPECT_THAT(terminal.Read(), EndsWith("\r\n"));
}

TEST_F(ProgressBarTerminalTest, WhereTheEndIsNotKnown_WhatIsDoneIsCounted) {
  ErrorsInTerminal terminal(80);
  const ProgressBar bar(AtOnce());
  bar({.done = 1234});
  EXPECT_THAT(terminal.Read(), MatchesRegex("\rparsing 1234 in 0:0[0-9]"));
}

TEST_F(ProgressBarTerminalTest, InANarrowTerminal_TheLineStaysOneLine) {
  for (const int columns : {1, 8, 30}) {
    ErrorsInTerminal terminal(columns);
    const ProgressBar bar(AtOnce());
    bar({.done = 50, .failed = 3, .total = 100});
    const std::string shown = terminal.Read();
    EXPECT_LT(shown.size() - 1, static_cast<size_t>(columns)) << shown;
    EXPECT_THAT(shown, Not(HasSubstr("["))) << columns;
  }
}

TEST_F(ProgressBarTerminalTest, Between_TooSoon_NothingIsDrawn) {
  ErrorsInTerminal terminal(80);
  const ProgressBar bar({.label = "slow", .interval = absl::Hours(1)});
  for (int done = 1; done < 1000; ++done) bar({.done = done, .total = 1000});
  EXPECT_THAT(terminal.Read(), HasSubstr(" 1/1000"));
  bar({.done = 1000, .total = 1000});
  EXPECT_THAT(terminal.Read(), HasSubstr(" 1000/1000"));
}

int Square(int x) { return x * x; }

TEST_F(ProgressBarTerminalTest, AMap_IsShownToItsEnd) {
  ErrorsInTerminal terminal(80);
  absl::StatusOr<Pool> pool = Pool::Create({.workers = 2});
  ASSERT_OK(pool);
  ASSERT_OK(pool->Map(fn<&Square>, {1, 2, 3}, {.on_progress = ProgressBar({.label = "squares"})}));
  EXPECT_THAT(terminal.Read(), ContainsRegex("squares 100% .*3/3 in 0:0[0-9] *\r\n$"));
}

}  // namespace
}  // namespace progeny
