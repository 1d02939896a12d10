// Pain 12: Ctrl-C gives a hang and as many traces as there are processes. In a terminal of its own, a
// program with children gets it once, as does each child, and ends with 130; nothing else is said.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <string>

#include "absl/time/clock.h"
#include "progeny/process_options.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using tests::kPatience;

// A program in the foreground of a new terminal.
class InTerminal {
 public:
  explicit InTerminal(const std::vector<std::string>& arguments) {
    master_ = posix_openpt(O_RDWR | O_NOCTTY);
    EXPECT_TRUE(master_ >= 0 && grantpt(master_) == 0 && unlockpt(master_) == 0);
    const std::string name = ptsname(master_);
    std::vector<char*> words;
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    setsid();
    const int terminal = open(name.c_str(), O_RDWR);
    ioctl(terminal, TIOCSCTTY, 0);
    for (int stream = 0; stream < 3; ++stream) dup2(terminal, stream);
    close(terminal);
    close(master_);
    execv(words[0], words.data());
    _exit(127);
  }
  ~InTerminal() {
    if (!ended_) kill(pid_, SIGKILL);
    if (!ended_) waitpid(pid_, nullptr, 0);
    close(master_);
  }

  pid_t pid() const { return pid_; }
  const std::string& output() const { return output_; }
  void Type(char key) { EXPECT_EQ(write(master_, &key, 1), 1); }

  bool Shows(const std::string& words) {
    return tests::WaitUntil([&] {
      Read();
      return output_.find(words) != std::string::npos;
    });
  }

  // The wait status; -1 if it doesn't end.
  int Wait() {
    int status = -1;
    ended_ = tests::WaitUntil([&] {
      Read();
      return waitpid(pid_, &status, WNOHANG) == pid_;
    });
    Read();
    return ended_ ? status : -1;
  }

 private:
  void Read() {
    char buffer[4096];
    pollfd input{master_, POLLIN, 0};
    while (poll(&input, 1, 0) == 1 && (input.revents & POLLIN) != 0) {
      const ssize_t got = read(master_, buffer, sizeof buffer);
      if (got <= 0) return;
      output_.append(buffer, static_cast<size_t>(got));
    }
  }

  int master_ = -1;
  pid_t pid_ = -1;
  bool ended_ = false;
  std::string output_;
};

constexpr char kCtrlC = 3;

class TerminalTest : public tests::EveryMethod {
 protected:
  void SetUp() override {
    tests::EveryMethod::SetUp();
    if (tests::kSanitized) GTEST_SKIP() << "sanitizers hold signals back, and have threads of their own";
  }
  std::vector<std::string> Program(const std::string& kind) const {
    return {PROGENY_CHILD_INTERRUPT_PROGRAM, std::string(Name(GetParam())), kind, log_};
  }
  void ExpectInterrupted(InTerminal& program) {
    const int status = program.Wait();
    ASSERT_TRUE(WIFEXITED(status)) << status << " " << program.output();
    EXPECT_EQ(WEXITSTATUS(status), 130);
    EXPECT_THAT(program.output(), Not(HasSubstr("progeny:")));
    EXPECT_TRUE(tests::WaitUntil(
        [] { return tests::ProcessesRunning(PROGENY_CHILD_INTERRUPT_PROGRAM).empty(); }));
  }

  const tests::TempDir folder_;
  const std::string log_ = folder_.File("heard");
};
PROGENY_FOR_EVERY_METHOD(TerminalTest);

TEST_P(TerminalTest, Pain12_CtrlC_IsHeardOnceByEachChild_AndTheProgramEndsWith130) {
  InTerminal program(Program("polite"));
  ASSERT_TRUE(program.Shows("ready")) << program.output();
  program.Type(kCtrlC);
  ExpectInterrupted(program);
  EXPECT_EQ(tests::ReadFile(log_), "heard 1\nheard 1\nheard 1\n");
}

TEST_P(TerminalTest, Pain12_AnInterruptOfTheProgramAlone_IsPassedOn) {
  InTerminal program(Program("polite"));
  ASSERT_TRUE(program.Shows("ready")) << program.output();
  kill(program.pid(), SIGINT);
  ExpectInterrupted(program);
  EXPECT_EQ(tests::ReadFile(log_), "heard 1\nheard 1\nheard 1\n");
}

TEST_P(TerminalTest, Pain12_CtrlC_EndsChildrenThatHandleNothing) {
  InTerminal program(Program("default"));
  ASSERT_TRUE(program.Shows("ready")) << program.output();
  program.Type(kCtrlC);
  ExpectInterrupted(program);
}

TEST_P(TerminalTest, Pain12_CtrlC_EscalatesAgainstChildrenThatAreDeaf) {
  InTerminal program(Program("deaf"));
  ASSERT_TRUE(program.Shows("ready")) << program.output();
  program.Type(kCtrlC);
  ExpectInterrupted(program);
}

}  // namespace
}  // namespace progeny
