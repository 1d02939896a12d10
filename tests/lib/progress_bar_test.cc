// ProgressBar where no terminal is.
#include "progeny/progress_bar.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using ::testing::ElementsAre;
using tests::kPatience;

void ShowHalfAndAll() {
  const ProgressBar bar({.label = "working", .interval = absl::ZeroDuration()});
  bar({.done = 1, .total = 2});
  bar({.done = 2, .total = 2});
}

int Square(int x) { return x * x; }

using ProgressBarTest = tests::EveryMethod;
PROGENY_FOR_EVERY_METHOD(ProgressBarTest);

TEST_P(ProgressBarTest, ErrorsThatGoToAPipe_StayClean) {
  ProcessOptions options = Options();
  options.err = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&ShowHalfAndAll>);
  ASSERT_OK(child);
  const absl::StatusOr<std::string> shown = child->err()->ReadAll(kPatience);
  ASSERT_OK(shown);
  EXPECT_EQ(*shown, "");
  ASSERT_OK(child->Join(kPatience));
}

TEST_P(ProgressBarTest, AMapThatIsShown_GivesTheSameResults) {
  PoolOptions options;
  options.workers = 2;
  options.process = Options();
  absl::StatusOr<Pool> pool = Pool::Create(options);
  ASSERT_OK(pool);
  const absl::StatusOr<std::vector<int>> squares =
      pool->Map(fn<&Square>, {1, 2, 3}, {.on_progress = ProgressBar({.label = "squares"})});
  ASSERT_OK(squares);
  EXPECT_THAT(*squares, ElementsAre(1, 4, 9));
}

}  // namespace
}  // namespace progeny
