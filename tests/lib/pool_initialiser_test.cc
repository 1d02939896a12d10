// Initialisers of workers: they run first, and a pool whose workers never get past one is closed with its reason.
#include <cstdlib>
#include <vector>

#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::Square;

class PoolInitialiserTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolInitialiserTest);

int initialised_with = 0;
void Initialise(int value) { initialised_with = value; }
int InitialisedWith() { return initialised_with; }

TEST_P(PoolInitialiserTest, TheInitialiser_RunsInEveryWorkerBeforeItsTasks) {
  PoolOptions options = Workers(3);
  options.max_tasks_per_worker = 2;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options), fn<&Initialise>, 11);
  ASSERT_OK(pool);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool->Submit(fn<&InitialisedWith>));
  for (Future<int>& future : futures) EXPECT_EQ(*future.Get(kPatience), 11);
  EXPECT_EQ(initialised_with, 0);
}

absl::Status FailToInitialise() { return absl::NotFoundError("no such licence"); }
void DieAtOnce() { std::_Exit(6); }

TEST_P(PoolInitialiserTest, AnInitialiserThatFailsTwice_ClosesThePoolWithItsStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2), fn<&FailToInitialise>);
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Submit(fn<&Square>, 1).Get(kPatience),
              IsError(absl::StatusCode::kNotFound, "no such licence"));
  EXPECT_THAT(pool->Map(fn<&Square>, {1, 2, 3}),
              IsError(absl::StatusCode::kNotFound, "no such licence"));
  EXPECT_OK(pool->Join(kPatience));
}

TEST_P(PoolInitialiserTest, AnInitialiserThatDiesTwice_ClosesThePoolWithAnExitStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), fn<&DieAtOnce>);
  ASSERT_OK(pool);
  const absl::StatusOr<int> outcome = pool->Submit(fn<&Square>, 1).Get(kPatience);
  EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "exit code 6"));
  EXPECT_TRUE(ExitStatusOf(outcome.status()).has_value());
}

int* volatile no_place = nullptr;
void WriteToNowhere() { *no_place = 1; }

TEST_P(PoolInitialiserTest, AnInitialiserThatCrashesTwice_TellsWhere) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer keeps these signals to itself";
  PoolOptions options = Workers(1);
  options.process.crash_reports = CrashReports::kOn;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options), fn<&WriteToNowhere>);
  ASSERT_OK(pool);
  const absl::Status status = pool->Submit(fn<&Square>, 1).Get(kPatience).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kAborted, "before it was ready"));
  EXPECT_TRUE(CrashReportOf(status).has_value()) << status;
}

}  // namespace
}  // namespace progeny
