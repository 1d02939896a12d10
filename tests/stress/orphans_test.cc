// The parent is killed at a random instant of starting, running and ending children: after a second
// none of its descendants lives, and nothing of theirs remains.
//
// PROGENY_STRESS_ROUNDS says how often (ci/stress: 1,000 times for each start method and shape of
// family).
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "progeny/this_process.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

constexpr absl::Duration kPromised = absl::Seconds(1);
constexpr int kRounds = 20;

int Rounds() {
  int rounds = 0;
  const char* const wished = std::getenv("PROGENY_STRESS_ROUNDS");
  return wished != nullptr && absl::SimpleAtoi(wished, &rounds) && rounds > 0 ? rounds : kRounds;
}

class OrphansTest : public tests::EveryMethod {
 protected:
  // A file of its own: who runs it is of this family, whatever becomes of the parents.
  void SetUp() override {
    tests::EveryMethod::SetUp();
    program_ = folder_.File(absl::StrCat("family-", this_process::id(), ".exe"));
    std::filesystem::copy_file(tests::FromUtf8(PROGENY_CHILD_STRESS_FAMILY),
                               tests::FromUtf8(program_));
  }

  void KillParents(const std::string& shape) {
    if (tests::UnderWine()) {
      GTEST_SKIP() << "under Wine a process whose creator is killed inside CreateProcess can stay, "
                      "in no job";
    }
    const uint32_t seed = std::random_device()();
    std::mt19937 random(seed);
    // Starting takes most of the first milliseconds.
    std::uniform_int_distribution<int> instant(0, 100'000);
    for (int round = 0; round < Rounds(); ++round) {
      const absl::Duration life = absl::Microseconds(instant(random));
      const tests::ProgramRun run =
          tests::RunProgram({program_, std::string(Name(GetParam())), shape}, life);
      ASSERT_FALSE(run.finished) << "it was to be killed, and ended with " << run.exit_code
                                 << run.output;
      const bool all_ended =
          tests::WaitUntil([&] { return tests::ProcessesRunning(program_).empty(); }, kPromised);
      ASSERT_TRUE(all_ended) << "seed " << seed << ", round " << round << ", killed after " << life
                             << "; still there: " << Survivors() << "\n"
                             << run.output;
    }
  }

  std::string Survivors() {
    const std::vector<int64_t> ids = tests::ProcessesRunning(program_);
    for (const int64_t id : ids) tests::EndProcess(id);
    return absl::StrJoin(ids, " ");
  }

  tests::TempDir folder_;
  std::string program_;
};
PROGENY_FOR_EVERY_METHOD(OrphansTest);

// That nobody is seen means something only if they are seen while they live.
TEST_P(OrphansTest, Family_IsSeenWhileItLives) {
  std::thread parent([&] {
    tests::RunProgram({program_, std::string(Name(GetParam())), "grandchildren"});
  });
  EXPECT_TRUE(tests::WaitUntil([&] { return tests::ProcessesRunning(program_).size() > 4; }));
  EXPECT_TRUE(tests::WaitUntil([&] { return Survivors().empty(); }));
  parent.join();
}

TEST_P(OrphansTest, ParentKilledAtAnyInstant_LeavesNoChild) { KillParents("plain"); }
TEST_P(OrphansTest, ParentWhoseStartingThreadsHaveEnded_LeavesNoChild) { KillParents("thread"); }
TEST_P(OrphansTest, GrandparentKilledAtAnyInstant_LeavesNoDescendant) {
  KillParents("grandchildren");
}

}  // namespace
}  // namespace progeny
