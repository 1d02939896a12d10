// Pools whose workers die, hang, are told to stop, or never come up: one task pays, nobody waits.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;
using tests::WaitUntil;

class PoolDeathsTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolDeathsTest);

int Square(int x) { return x * x; }
int64_t OwnId() { return this_process::id(); }
int ExitWith(int code) { std::_Exit(code); }
int ExitPolitely(int code) { std::exit(code); }
int CrashNow() { tests::Crash(); }

// Says in which process it runs, by a file's existence that the test can see, then sleeps.
int SleepAndTell(const std::string& file) {
  tests::WriteFile(file, std::to_string(this_process::id()));
  absl::SleepFor(2 * kPatience);
  return 0;
}

int64_t IdIn(const std::string& file) {
  std::string text;
  EXPECT_TRUE(WaitUntil([&] { return !(text = tests::ReadFile(file)).empty(); }));
  return std::atoll(text.c_str());
}

// 1. A worker that is killed hangs the pool for ever.
TEST_P(PoolDeathsTest, Pain01_AKilledWorkersTask_IsAborted_AndTheRestGoesOn) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  Future<int> victim = pool->Submit(fn<&SleepAndTell>, folder.File("victim"));
  std::vector<Future<int>> others;
  for (int i = 0; i < 200; ++i) others.push_back(pool->Submit(fn<&Square>, i));
  tests::EndProcess(IdIn(folder.File("victim")));
  const absl::StatusOr<int> outcome = victim.Get(kPatience);
  EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "ended before it answered"));
  EXPECT_TRUE(ExitStatusOf(outcome.status()).has_value());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(*others[static_cast<size_t>(i)].Get(kPatience), i * i);
  EXPECT_EQ(pool->stats().workers_lost, 1);
  EXPECT_TRUE(WaitUntil([&] { return pool->stats().workers == 2; }));
  EXPECT_EQ(*pool->Apply(fn<&Square>, 7), 49);
}

TEST_P(PoolDeathsTest, ADeath_IsToldWithinAHundredMilliseconds) {
  if (tests::kSanitized || tests::UnderWine()) GTEST_SKIP() << "both slow down what is promised here";
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  absl::Duration took = absl::InfiniteDuration();
  // A busy machine may take the processor away from any one try.
  for (int i = 0; i < 10 && took >= absl::Milliseconds(100); ++i) {
    const std::string file = folder.File(std::to_string(i));
    Future<int> victim = pool->Submit(fn<&SleepAndTell>, file);
    const int64_t id = IdIn(file);
    const absl::Time killed = absl::Now();
    tests::EndProcess(id);
    EXPECT_THAT(victim.Get(kPatience), IsError(absl::StatusCode::kAborted, ""));
    took = std::min(took, absl::Now() - killed);
  }
  EXPECT_LT(took, absl::Milliseconds(100));
}

// 2. A worker that is killed takes a lock along.
TEST_P(PoolDeathsTest, Pain02_WorkersKilledOneAfterTheOther_WedgeNobody) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (int round = 0; round < 5; ++round) {
    const absl::StatusOr<int64_t> id = pool->Apply(fn<&OwnId>);
    ASSERT_OK(id);
    tests::EndProcess(*id);  // idle, or about to sleep on its word
    for (int i = 0; i < 20; ++i) {
      const absl::StatusOr<int> square = pool->Submit(fn<&Square>, i).Get(kPatience);
      // The one that was about to be run by the process that was just killed may be lost.
      if (square.ok()) {
        EXPECT_EQ(*square, i * i);
      }
    }
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 9), 81);
}

// 3. terminate() corrupts what was being written.
TEST_P(PoolDeathsTest, Pain03_Terminate_WithThousandsOfTasks_TellsEachExactlyOnce) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const tests::TempDir folder;
  std::vector<Future<int>> futures;
  futures.push_back(pool->Submit(fn<&SleepAndTell>, folder.File("one")));
  futures.push_back(pool->Submit(fn<&SleepAndTell>, folder.File("two")));
  for (int i = 0; i < 10000; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
  IdIn(folder.File("one"));
  pool->Terminate();
  EXPECT_OK(pool->Join(kPatience));
  for (Future<int>& future : futures) {
    const absl::StatusOr<int> outcome = future.Get(absl::ZeroDuration());
    if (!outcome.ok()) {
      EXPECT_THAT(outcome, IsError(absl::StatusCode::kCancelled, ""));
    }
  }
  EXPECT_THAT(pool->Submit(fn<&Square>, 1).Get(kPatience),
              IsError(absl::StatusCode::kCancelled, "terminated"));
}

TEST_P(PoolDeathsTest, ATaskThatExits_IsAbortedWithItsExitStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  const absl::StatusOr<int> outcome = pool->Apply(fn<&ExitWith>, 99);
  EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "exit code 99"));
  ASSERT_TRUE(ExitStatusOf(outcome.status()).has_value());
  EXPECT_EQ(ExitStatusOf(outcome.status())->exit_code(), 99);
  if (!forks()) {  // exit() in a forked child runs the parent's handlers: the user's own affair
    EXPECT_THAT(pool->Apply(fn<&ExitPolitely>, 0), IsError(absl::StatusCode::kAborted, "exit code 0"));
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 3), 9);
}

TEST_P(PoolDeathsTest, ATaskThatCrashes_IsAbortedWithItsExitStatus) {
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

TEST_P(PoolDeathsTest, ATaskThatCrashes_TellsWhereInItsStatus) {
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

TEST_P(PoolDeathsTest, AnInitialiserThatCrashesTwice_TellsWhere) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer keeps these signals to itself";
  PoolOptions options = Workers(1);
  options.process.crash_reports = CrashReports::kOn;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options), fn<&WriteThroughNull>);
  ASSERT_OK(pool);
  const absl::Status status = pool->Submit(fn<&Square>, 1).Get(kPatience).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kAborted, "before it was ready"));
  EXPECT_TRUE(CrashReportOf(status).has_value()) << status;
}

int GrowAndExit(int mebibytes) {
  const std::vector<char> room(static_cast<size_t>(mebibytes) << 20, 'x');
  std::_Exit(room.back() == 'x' ? 9 : 10);
}

TEST_P(PoolDeathsTest, ADeath_TellsThePeakMemoryOfTheWorker) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine forgets it with the process";
  if (tests::kThreadSanitized && GetParam() != StartMethod::kSpawn) {
    GTEST_SKIP() << "children are the server's own there, and it tells their status alone";
  }
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

int ExitUnlessThere(const std::string& file) {
  if (!tests::ReadFile(file).empty()) return 7;
  tests::WriteFile(file, "x");
  std::_Exit(5);
}

TEST_P(PoolDeathsTest, Retries_RunATaskAgainWhoseWorkerDied) {
  const tests::TempDir folder;
  PoolOptions options = Workers(1);
  options.retries = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  EXPECT_EQ(*pool->Apply(fn<&ExitUnlessThere>, folder.File("tried")), 7);
  EXPECT_THAT(pool->Apply(fn<&ExitWith>, 4), IsError(absl::StatusCode::kAborted, "exit code 4"));
}

int ExitAtSeven(int x) {
  if (x == 7) std::_Exit(3);
  return x;
}

TEST_P(PoolDeathsTest, ATaskThatKillsItsWorkers_IsRefusedWithTheListOfDeaths) {
  PoolOptions options = Workers(1);
  options.retries = 100;
  options.quarantine_after = 3;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const absl::StatusOr<int> answer = pool->Apply(fn<&ExitWith>, 4);
  EXPECT_THAT(answer, IsError(absl::StatusCode::kAborted, "ended 3 workers and is in quarantine: 'PoolWorker-1'"));
  EXPECT_EQ(std::ranges::count(std::string(answer.status().message()), ';'), 2) << answer.status();
  EXPECT_EQ(ExitStatusOf(answer.status())->exit_code(), 4);
  EXPECT_EQ(*pool->Apply(fn<&ExitAtSeven>, 1), 1) << "the pool goes on";
}

TEST_P(PoolDeathsTest, ADeathInsideAChunk_TakesOneElementOnly) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  std::vector<int> inputs(20);
  std::iota(inputs.begin(), inputs.end(), 0);
  const auto outcomes = pool->MapEach(fn<&ExitAtSeven>, inputs, {.chunk_size = 10});
  ASSERT_OK(outcomes);
  ASSERT_EQ(outcomes->size(), 20u);
  for (int i = 0; i < 20; ++i) {
    const absl::StatusOr<int>& outcome = (*outcomes)[static_cast<size_t>(i)];
    if (i == 7) {
      EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "exit code 3"));
    } else {
      EXPECT_EQ(*outcome, i);
    }
  }
}

// 17. A timeout that doesn't stop the work.
TEST_P(PoolDeathsTest, Pain17_ATaskThatRunsTooLong_IsEndedWithItsProcess) {
  const tests::TempDir folder;
  PoolOptions options = Workers(2);
  options.task_timeout = absl::Milliseconds(300);
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  Future<int> slow = pool->Submit(fn<&SleepAndTell>, folder.File("slow"));
  const int64_t id = IdIn(folder.File("slow"));
  std::vector<Future<int>> others;
  for (int i = 0; i < 100; ++i) others.push_back(pool->Submit(fn<&Square>, i));
  EXPECT_THAT(slow.Get(kPatience), IsError(absl::StatusCode::kDeadlineExceeded, "task_timeout"));
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(id); }));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*others[static_cast<size_t>(i)].Get(kPatience), i * i);
}

TEST_P(PoolDeathsTest, Cancel_OfARunningTask_ReplacesItsWorkerOnly) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  Future<int> running = pool->Submit(fn<&SleepAndTell>, folder.File("running"));
  Future<int> queued = pool->Submit(fn<&Square>, 4);
  Future<int> dropped = pool->Submit(fn<&SleepAndTell>, folder.File("never"));
  const int64_t id = IdIn(folder.File("running"));
  EXPECT_TRUE(dropped.Cancel());
  EXPECT_THAT(dropped.Get(absl::ZeroDuration()), IsError(absl::StatusCode::kCancelled, ""));
  EXPECT_FALSE(dropped.Cancel());
  EXPECT_TRUE(running.Cancel());
  EXPECT_THAT(running.Get(absl::ZeroDuration()), IsError(absl::StatusCode::kCancelled, ""));
  EXPECT_EQ(*queued.Get(kPatience), 16);
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(id); }));
  EXPECT_EQ(tests::ReadFile(folder.File("never")), "");
}

int WaitFor(const std::string& file) { return WaitUntil([&] { return !tests::ReadFile(file).empty(); }) ? 1 : 0; }
size_t LengthOf(const std::string& text) { return text.size(); }

// What was taken back lies in the ring, and its bytes in the area, until the worker has gone past it.
TEST_P(PoolDeathsTest, Cancel_OfManyQueuedTasks_LeavesRoomForOthers) {
  const tests::TempDir folder;
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (size_t size : {size_t{10'000}, size_t{3'000}, size_t{1'000'000}}) {
    const std::string text(size, 'x');
    const std::string gate = folder.File("gate" + std::to_string(size));
    Future<int> busy = pool->Submit(fn<&WaitFor>, gate);
    for (int i = 0; i < 30; ++i) EXPECT_TRUE(pool->Submit(fn<&LengthOf>, text).Cancel());
    Future<size_t> next = pool->Submit(fn<&LengthOf>, text);
    tests::WriteFile(gate, "open");
    EXPECT_EQ(*busy.Get(kPatience), 1);
    const absl::StatusOr<size_t> length = next.Get(kPatience);
    ASSERT_OK(length);
    EXPECT_EQ(*length, size);
  }
  const std::string gate = folder.File("last");
  Future<int> busy = pool->Submit(fn<&WaitFor>, gate);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(pool->Submit(fn<&LengthOf>, std::string(10'000, 'y')).Cancel());
  pool->Close();
  tests::WriteFile(gate, "open");
  EXPECT_OK(pool->Join(kPatience));
}

TEST_P(PoolDeathsTest, Cancel_AtAnyMoment_EndsTheTaskOrComesTooLate) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (int i = 0; i < (forks() ? 60 : 20); ++i) {
    Future<int> task = pool->Submit([] { return WaitUntil([] { return false; }, 2 * kPatience) ? 0 : 1; });
    for (std::atomic<int> turns{0}; turns < i * 3000; ++turns) {
    }
    EXPECT_TRUE(task.Cancel());
    EXPECT_THAT(task.Get(kPatience), IsError(absl::StatusCode::kCancelled, ""));
  }
  EXPECT_EQ(*pool->Apply(fn<&Square>, 3), 9);
}

TEST_P(PoolDeathsTest, Cancel_OfAFinishedTask_ChangesNothing) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  Future<int> done = pool->Submit(fn<&Square>, 4);
  ASSERT_TRUE(done.Wait(kPatience));
  EXPECT_FALSE(done.Cancel());
  EXPECT_EQ(*done.Get(kPatience), 16);
}

// Initialisers.

int initialised_with = 0;
void Initialise(int value) { initialised_with = value; }
int InitialisedWith() { return initialised_with; }

TEST_P(PoolDeathsTest, TheInitialiser_RunsInEveryWorkerBeforeItsTasks) {
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

TEST_P(PoolDeathsTest, AnInitialiserThatFailsTwice_ClosesThePoolWithItsStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2), fn<&FailToInitialise>);
  ASSERT_OK(pool);
  EXPECT_THAT(pool->Submit(fn<&Square>, 1).Get(kPatience),
              IsError(absl::StatusCode::kNotFound, "no such licence"));
  EXPECT_THAT(pool->Map(fn<&Square>, {1, 2, 3}),
              IsError(absl::StatusCode::kNotFound, "no such licence"));
  EXPECT_OK(pool->Join(kPatience));
}

TEST_P(PoolDeathsTest, AnInitialiserThatDiesTwice_ClosesThePoolWithAnExitStatus) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1), fn<&DieAtOnce>);
  ASSERT_OK(pool);
  const absl::StatusOr<int> outcome = pool->Submit(fn<&Square>, 1).Get(kPatience);
  EXPECT_THAT(outcome, IsError(absl::StatusCode::kAborted, "exit code 6"));
  EXPECT_TRUE(ExitStatusOf(outcome.status()).has_value());
}

// 18. Recycling hangs.
TEST_P(PoolDeathsTest, Pain18_RecyclingAfterEveryTask_LosesNothing) {
  PoolOptions options = Workers(2);
  options.max_tasks_per_worker = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  std::vector<Future<int64_t>> futures;
  for (int i = 0; i < 12; ++i) futures.push_back(pool->Submit(fn<&OwnId>));
  pool->Close();
  std::set<int64_t> ids;
  for (Future<int64_t>& future : futures) {
    const absl::StatusOr<int64_t> id = future.Get(kPatience);
    ASSERT_OK(id);
    ids.insert(*id);
  }
  EXPECT_EQ(ids.size(), 12u);
  EXPECT_OK(pool->Join(kPatience));
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

TEST_P(PoolDeathsTest, MaxTasks_CountsElementsNotChunks) {
  PoolOptions options = Workers(1);
  options.max_tasks_per_worker = 10;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const std::vector<int> hundred(100);
  const auto ids = pool->Map([](int) { return this_process::id(); }, hundred, {.chunk_size = 25});
  ASSERT_OK(ids);
  std::map<int64_t, int> tasks;
  for (int64_t id : *ids) ++tasks[id];
  EXPECT_EQ(tasks.size(), 10u);
  for (const auto& [id, count] : tasks) EXPECT_EQ(count, 10);
}

std::vector<char>* kept = nullptr;
int64_t Keep(int mebibytes) {
  kept = new std::vector<char>(static_cast<size_t>(mebibytes) << 20, 'x');
  return this_process::id();
}

TEST_P(PoolDeathsTest, AWorkerThatHasGrownTooLarge_IsReplacedAfterItsTask) {
  if (!GetMemoryUsage().value_or(MemoryUsage{}).unique) GTEST_SKIP() << "unique memory isn't told here";
  if (tests::UnderWine()) GTEST_SKIP() << "Wine's figures don't grow with a heap";
  PoolOptions options = Workers(1);
  options.max_worker_memory = int64_t{256} << 20;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const absl::StatusOr<int64_t> large = pool->Apply(fn<&Keep>, 300);
  ASSERT_OK(large);
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(*large); }));
  EXPECT_EQ(*pool->Apply(fn<&Square>, 5), 25);
  EXPECT_EQ(pool->stats().workers_lost, 0);
}

}  // namespace
}  // namespace progeny
