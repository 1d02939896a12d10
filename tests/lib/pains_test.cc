// What users of such libraries have suffered from for years, one regression test each; the numbers are
// those of the list in docs/design.md.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::kPatience;
using tests::WaitUntil;

class PainsTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(PainsTest);

// 4. "Every child seems to copy the parent": resident memory counts shared pages in full.

constexpr size_t kTableBytes = size_t{64} << 20;
std::vector<char> table;

enum class Use { kNothing, kReads, kWrites };

int UseTable(Use use) {
  if (use == Use::kWrites) std::memset(table.data(), 2, table.size());
  volatile char sum = 0;
  if (use == Use::kReads) {
    for (size_t i = 0; i < table.size(); i += 4096) sum = static_cast<char>(sum + table[i]);
  }
  return tests::StayUntilStopped();
}

class TableTest : public PainsTest {
 protected:
  void SetUp() override {
    PainsTest::SetUp();
    table.assign(kTableBytes, 1);
  }
  void TearDown() override {
    table = {};
    PainsTest::TearDown();
  }
  absl::StatusOr<MemoryUsage> MemoryOfAChildThat(Use use) {
    absl::StatusOr<Process> child = Process::Start(Talking(), fn<&UseTable>, use);
    if (!child.ok()) return child.status();
    EXPECT_EQ(tests::ReadLine(child->out()), "ready");
    return child->Memory();
  }
};
PROGENY_FOR_EVERY_METHOD(TableTest);

TEST_P(TableTest, Pain4_ChildrenThatDoNotWriteTheTable_OwnNoneOfIt) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer's own memory drowns the figures";
  for (Use use : {Use::kNothing, Use::kReads}) {
    const absl::StatusOr<MemoryUsage> memory = MemoryOfAChildThat(use);
    ASSERT_OK(memory);
    if (forks() && !memory->unique) GTEST_SKIP() << "this system can't tell a child's unique memory";
    // A spawned child hasn't even mapped it, so resident will do where unique can't be told.
    EXPECT_LT(memory->unique.value_or(*memory->resident), static_cast<int64_t>(kTableBytes / 2));
    if (forks() && use == Use::kReads) {
      EXPECT_GT(*memory->resident, static_cast<int64_t>(kTableBytes)) << "resident alone misleads";
    }
  }
}

TEST_P(TableTest, Pain4_AForkedChildThatWritesTheTable_ShowsWhatItCopied) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer's own memory drowns the figures";
  if (!forks()) GTEST_SKIP() << "a spawned child has no table to write";
  const absl::StatusOr<MemoryUsage> memory = MemoryOfAChildThat(Use::kWrites);
  ASSERT_OK(memory);
  EXPECT_GE(memory->unique.value_or(0), static_cast<int64_t>(kTableBytes));
  EXPECT_GE(memory->copied.value_or(0), static_cast<int64_t>(kTableBytes));
}

// 10. Orphans after the parent was killed; grandchildren that nobody ended.

int Grandparent(StartMethod method, int depth) {
  if (depth == 0) {
    std::signal(SIGTERM, SIG_IGN);
    return tests::StayUntilEnded();
  }
  absl::StatusOr<Process> child = Process::Start({.start_method = method, .out = Stdio::Pipe()},
                                                 fn<&Grandparent>, method, depth - 1);
  if (!child.ok()) return tests::kStartFailed;
  // The lowest one's id comes up first.
  const std::string word = tests::ReadLine(child->out());
  tests::Say(word == "ready" ? absl::StrCat(child->id()) : word);
  return tests::StayUntilEnded();
}

TEST_P(PainsTest, Pain10_NobodyIsOrphanedWhenTheParentIsKilled) {
  for (StartMethod inner : AvailableStartMethods()) {
    for (absl::Status (Process::*end)() : {&Process::Kill, &Process::Terminate}) {
      absl::StatusOr<Process> top = Process::Start(Talking(), fn<&Grandparent>, inner, 2);
      ASSERT_OK(top);
      int64_t lowest = 0;
      ASSERT_TRUE(absl::SimpleAtoi(tests::ReadLine(top->out()), &lowest));
      EXPECT_TRUE(tests::IsRunning(lowest));
      ASSERT_OK(((*top).*end)());
      ASSERT_OK(top->Join(kPatience));
      EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(lowest); }, absl::Seconds(1)));
    }
  }
}

// 11. A recycled id gets the signal; two waiters race for one status. (That an id really is recycled
// is tests/lib/linux/recycled_id_test.cc.)

TEST_P(PainsTest, Pain11_TwoWaiters_GetTheSameStatusEveryTime) {
  const int rounds = forks() ? 100 : 10;
  for (int round = 0; round < rounds; ++round) {
    absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::ExitWith>, 17);
    ASSERT_OK(child);
    std::atomic<int> right{0};
    const auto wait = [&] {
      const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
      if (end.ok() && end->exit_code() == 17) ++right;
    };
    std::thread first(wait), second(wait);
    std::thread asks([&] {
      while (!child->exit_status()) std::this_thread::yield();
      if (child->exit_status()->exit_code() == 17) ++right;
    });
    for (std::thread* thread : {&first, &second, &asks}) thread->join();
    EXPECT_EQ(right.load(), 3);
  }
}

TEST_P(PainsTest, Pain11_KillDuringTheEnd_NeverFailsAndNeverChangesTheStatus) {
  const int rounds = forks() ? 100 : 10;
  for (int round = 0; round < rounds; ++round) {
    absl::StatusOr<Process> child = Process::Start(Options(), fn<&tests::ExitWith>, 17);
    ASSERT_OK(child);
    std::atomic<bool> ended{false};
    std::thread killer([&] {
      while (!ended) EXPECT_OK(child->Kill());
    });
    const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    ended = true;
    killer.join();
    ASSERT_OK(end);
    EXPECT_TRUE(end->terminated() || end->exit_code() == 17) << end->ToString();
    EXPECT_EQ(*child->Join(), *end);
  }
}

// 14. A fork bomb, or main run twice, when the guard is late.

TEST(Pains, Pain14_ALateOrConditionalGuard_IsNoForkBomb) {
  std::vector<std::string> ways{"late", "conditional", "early return"};
  if (tests::HasFork()) ways.insert(ways.end(), {"forkserver:late", "forkserver:conditional"});
  for (const std::string& how : ways) {
    const tests::TempDir folder;
    const std::string log = folder.File("runs");
    const tests::ProgramRun run = tests::RunProgram({PROGENY_CHILD_GUARD_CASES, how, log});
    EXPECT_TRUE(run.finished) << how;
    EXPECT_EQ(tests::ReadFile(log), "main ran\nmain ran\nmain ran\n")
        << how << ": once for the program, once for each of its two children (or their servers)";
    EXPECT_THAT(run.output, HasSubstr("MainGuard")) << how;
  }
}

}  // namespace
}  // namespace progeny
