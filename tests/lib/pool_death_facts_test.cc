// What the error of a task tells of the death of its worker.
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::Square;
using tests::Vanish;

class PoolDeathFactsTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolDeathFactsTest);

int ExitPolitely(int code) { std::exit(code); }
int CrashNow() { tests::Crash(); }

TEST_P(PoolDeathFactsTest, ATaskThatExits_IsAbortedWithItsExitStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  const absl::StatusOr<int> outcome = pool->Apply(fn<&Vanish>, 99);
  EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "exit code 99"));
  ASSERT_TRUE(ExitStatusOf(outcome.status()).has_value());
  EXPECT_EQ(ExitStatusOf(outcome.status())->exit_code(), 99);
  if (!forks()) {  // exit() in a forked child runs the parent's handlers: the user's own affair
    EXPECT_THAT(pool->Apply(fn<&ExitPolitely>, 0), IsError(absl::StatusCode::kAborted, "exit code 0"));
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 3), 9);
}

TEST_P(PoolDeathFactsTest, ATaskThatCrashes_IsAbortedWithItsExitStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  const absl::StatusOr<int> outcome = pool->Apply(fn<&CrashNow>);
  EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, ""));
  ASSERT_TRUE(ExitStatusOf(outcome.status()).has_value());
  EXPECT_TRUE(ExitStatusOf(outcome.status())->crashed()) << outcome.status();
  EXPECT_EQ(*pool->Apply(fn<&Square>, 3), 9);
}

volatile int* volatile nowhere = nullptr;
volatile int written = 0;
[[gnu::noinline]] int WriteThroughNull() {
  *nowhere = 1;
  written = written + 1;  // no tail call
  return 0;
}

TEST_P(PoolDeathFactsTest, ATaskThatCrashes_TellsWhereInItsStatus) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer keeps these signals to itself";
  PoolOptions options = Workers(1);
  if (forks()) options.process.crash_reports = CrashReports::kOn;  // elsewhere by default
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const absl::Status status = pool->Apply(fn<&WriteThroughNull>).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kAborted, "ended before it answered"));
  EXPECT_TRUE(ExitStatusOf(status)->crashed()) << status;
  const std::optional<CrashReport> report = CrashReportOf(status);
  ASSERT_TRUE(report.has_value()) << status;
  ASSERT_FALSE(report->stack.empty());
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(report->stack[0]));
  if (tests::HasFork()) {  // programs of MinGW have no names
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("WriteThroughNull"));
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 3), 9);
}

int GrowAndExit(int mebibytes) {
  const std::vector<char> room(static_cast<size_t>(mebibytes) << 20, 'x');
  std::_Exit(room.back() == 'x' ? 9 : 10);
}

TEST_P(PoolDeathFactsTest, ADeath_TellsThePeakMemoryOfTheWorker) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine forgets it with the process";
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  const absl::Status status = pool->Apply(fn<&GrowAndExit>, 200).status();
  const std::string words(status.message());
  EXPECT_THAT(words, testing::HasSubstr("exit code 9, peak memory "));
  const size_t number = words.find_first_of("0123456789", words.find("peak memory"));
  ASSERT_NE(number, words.npos) << words;
  EXPECT_GE(std::atof(words.c_str() + number), 200.0) << words;
  EXPECT_LE(std::atof(words.c_str() + number), 2000.0) << words;
}

}  // namespace
}  // namespace progeny
