// A program that is executed by the path which marks re-executed children, by somebody who isn't
// progeny: it runs as if nothing were.
#include <sys/mman.h>
#include <unistd.h>

#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

constexpr int kHandOver = 3;
constexpr int kPlainExitCode = 2;  // of tests/children/bare_worker.cc

class MarkedExecTest : public tests::LeakFreeTest {
 protected:
  // Executes it in a forked child, which has `bytes` where a hand-over would be.
  absl::StatusOr<ExitStatus> Execute(const std::string& bytes) {
    std::string path = PROGENY_CHILD_BARE_WORKER;
    path.insert(path.rfind('/'), "/.//.");
    absl::StatusOr<Process> child = Process::Fork([&] {
      const int file = memfd_create("no hand-over", 0);
      if (write(file, bytes.data(), bytes.size()) < 0) return 70;
      dup2(file, kHandOver);
      if (bytes.empty()) close(kHandOver);
      char* const arguments[] = {path.data(), nullptr};
      execv(path.c_str(), arguments);
      return 71;
    });
    if (!child.ok()) return child.status();
    return child->Join(tests::kPatience);
  }
};

TEST_F(MarkedExecTest, WithoutAHandOver_IsAPlainStart) {
  EXPECT_EQ(Execute("")->exit_code(), kPlainExitCode);
}

TEST_F(MarkedExecTest, WithSomeOtherFileInItsPlace_IsAPlainStart) {
  EXPECT_EQ(Execute("x")->exit_code(), kPlainExitCode);
  EXPECT_EQ(Execute(std::string(5000, '\xff'))->exit_code(), kPlainExitCode);
  EXPECT_EQ(Execute(std::string(5000, '\0'))->exit_code(), kPlainExitCode);
}

}  // namespace
}  // namespace progeny
