// What comes of kFork pools' replacements: they are forked from a template that is a copy of the process
// as it was at Create, not from the process as it is when they are needed.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/posix/template_pool.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::ExitAtOnce;
using tests::ForkedWorkers;
using tests::IsError;
using tests::kPatience;
using tests::OwnId;
using tests::PoolTemplateTest;
using tests::Square;
using tests::WaitUntil;

int generation = 0;
int Generation() { return generation; }

TEST_F(PoolTemplateTest, AReplacement_HasTheMemoryOfCreate_NotOfNow) {
  generation = 1;
  absl::StatusOr<Pool> pool = Pool::Create(ForkedWorkers(1));
  ASSERT_OK(pool);
  generation = 2;
  EXPECT_EQ(*pool->Apply(fn<&Generation>), 1);
  for (int i = 0; i < 3; ++i) {
    ReplaceWorker(*pool);
    EXPECT_EQ(*pool->Apply(fn<&Generation>), 1);
  }
}

std::mutex contended;
int LockAndAllocate() {
  const std::lock_guard<std::mutex> lock(contended);
  return static_cast<int>(std::vector<int>(100000, 1).size());
}

TEST_F(PoolTemplateTest, WhatThreadsOfTheParentHold_IsFreeInAReplacement) {
  absl::StatusOr<Pool> pool = Pool::Create(ForkedWorkers(1));
  ASSERT_OK(pool);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) std::vector<std::string>(50, std::string(3000, 'x')).clear();
    });
  }
  {
    const std::lock_guard<std::mutex> held(contended);
    for (int i = 0; i < 20; ++i) {
      EXPECT_THAT(pool->Apply(fn<&ExitAtOnce>, 3), IsError(absl::StatusCode::kAborted, "exit code 3"));
      EXPECT_EQ(*pool->Submit(fn<&LockAndAllocate>).Get(kPatience), 100000);
    }
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

bool IsOpenHere(int descriptor) { return fcntl(descriptor, F_GETFD) >= 0; }

TEST_F(PoolTemplateTest, DescriptorsOpenedAfterCreate_AreNotInAReplacement_ThoseBeforeAre) {
  const int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
  absl::StatusOr<Pool> pool = Pool::Create(ForkedWorkers(1));
  ASSERT_OK(pool);
  std::vector<int> later;
  for (int i = 0; i < 20; ++i) later.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int high = fcntl(later.back(), F_DUPFD_CLOEXEC, 400);
  ReplaceWorker(*pool);
  EXPECT_TRUE(*pool->Apply(fn<&IsOpenHere>, before));
  EXPECT_FALSE(*pool->Apply(fn<&IsOpenHere>, high));
  for (int fd : later) close(fd);
  close(before);
  close(high);
}

int CountHandles() { return static_cast<int>(tests::OpenHandles().size()); }

TEST_F(PoolTemplateTest, ReplacementsOfReplacements_HoldNoMoreThanTheFirst) {
  if (tests::OpenHandles().empty()) GTEST_SKIP() << "this system does not list descriptors";
  absl::StatusOr<Pool> pool = Pool::Create(ForkedWorkers(1));
  ASSERT_OK(pool);
  const absl::StatusOr<int> first = pool->Apply(fn<&CountHandles>);
  ASSERT_OK(first);
  for (int i = 0; i < 10; ++i) {
    ReplaceWorker(*pool);
    EXPECT_LE(*pool->Apply(fn<&CountHandles>), *first + 2) << "its slot and its pages, which it is sent";
  }
}

int ReadToTheEnd() {
  int count = 0;
  while (std::getchar() != EOF) ++count;
  return count;
}

TEST_F(PoolTemplateTest, TheTemplate_HoldsNoStreamOfOtherChildrenOpen) {
  absl::StatusOr<Process> reader =
      Process::Start({.start_method = StartMethod::kFork, .in = Stdio::Pipe()}, fn<&ReadToTheEnd>);
  ASSERT_OK(reader);
  absl::StatusOr<Pool> pool = Pool::Create(ForkedWorkers(1));
  ASSERT_OK(pool);
  ReplaceWorker(*pool);
  ASSERT_OK(reader->in()->Write("abc", kPatience));
  reader->in()->Close();
  const absl::StatusOr<ExitStatus> end = reader->Join(kPatience);
  ASSERT_OK(end);
  EXPECT_EQ(end->exit_code(), 3);
}

TEST_F(PoolTemplateTest, TheTemplate_HoldsNoStandardStreamOpen) {
  if (tests::kThreadSanitized) GTEST_SKIP() << tests::kNoThreadsInForks;
  absl::StatusOr<Process> owner = Process::Start(
      {.start_method = StartMethod::kFork, .out = Stdio::Pipe()}, [] {
        PoolOptions options = ForkedWorkers(1);
        options.process.in = options.process.out = options.process.err = Stdio::Null();
        const absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
        close(STDOUT_FILENO);
        (void)WaitUntil(&this_process::StopRequested, 2 * kPatience);
        return 0;
      });
  ASSERT_OK(owner);
  EXPECT_OK(owner->out()->ReadAll(kPatience)) << "its end is seen while the pool lives";
}

std::string Surroundings() {
  const char* const value = std::getenv("PROGENY_TEST_SURROUNDINGS");
  return absl::StrCat(value == nullptr ? "none" : value, " in ", std::filesystem::current_path().filename().string(),
                      " by ", Name(*this_process::start_method()), " as ", this_process::name());
}

TEST_F(PoolTemplateTest, EnvironmentAndDirectory_AreThoseOfTheFirstWorker) {
  const tests::TempDir folder;
  PoolOptions options = ForkedWorkers(1);
  options.process.environment.Set("PROGENY_TEST_SURROUNDINGS", "set");
  options.process.working_directory = folder.path();
  for (PoolOptions& each : std::vector<PoolOptions>{options, ForkedWorkers(1)}) {
    setenv("PROGENY_TEST_SURROUNDINGS", "of Create", 1);
    absl::StatusOr<Pool> pool = Pool::Create(std::move(each));
    ASSERT_OK(pool);
    const absl::StatusOr<std::string> first = pool->Apply(fn<&Surroundings>);
    ASSERT_OK(first);
    EXPECT_THAT(*first, HasSubstr("by fork as PoolWorker-1"));
    setenv("PROGENY_TEST_SURROUNDINGS", "of now", 1);
    ReplaceWorker(*pool);
    EXPECT_EQ(*pool->Apply(fn<&Surroundings>), *first);
  }
  unsetenv("PROGENY_TEST_SURROUNDINGS");
}

int SayLine(const std::string& line) {
  tests::Say(line);
  return 0;
}

TEST_F(PoolTemplateTest, StreamsAndLimits_AreAReplacementsToo) {
  const tests::TempDir folder;
  PoolOptions options = ForkedWorkers(1);
  options.process.out = Stdio::File(folder.File("out"), Stdio::kAppend);
  options.process.limits.open_files = 300;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  ASSERT_OK(pool->Apply(fn<&SayLine>, std::string("one")));
  ReplaceWorker(*pool);
  ASSERT_OK(pool->Apply(fn<&SayLine>, std::string("two")));
  EXPECT_EQ(tests::ReadFile(folder.File("out")), "one\ntwo\n");
  EXPECT_EQ(*pool->Apply([] { return static_cast<int>(sysconf(_SC_OPEN_MAX)); }), 300);
}

TEST_F(PoolTemplateTest, ExitStatusesOfReplacements_AreExact) {
  absl::StatusOr<Pool> pool = Pool::Create(ForkedWorkers(2));
  ASSERT_OK(pool);
  for (int code = 0; code < 60; ++code) {
    const absl::StatusOr<int> outcome = pool->Apply(fn<&ExitAtOnce>, code);
    ASSERT_TRUE(ExitStatusOf(outcome.status()).has_value()) << outcome.status();
    EXPECT_EQ(ExitStatusOf(outcome.status())->exit_code(), code) << outcome.status();
  }
  const absl::StatusOr<int64_t> id = pool->Apply(fn<&OwnId>);
  ASSERT_OK(id);
  const absl::StatusOr<int> killed = pool->Apply([] { return raise(SIGKILL); });
  EXPECT_THAT(killed, IsError(absl::StatusCode::kAborted, "killed by SIGKILL"));
}

TEST_F(PoolTemplateTest, RecyclingAfterEveryTask_AThousandTimes) {
  PoolOptions options = ForkedWorkers(2);
  options.max_tasks_per_worker = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  ASSERT_OK(pool);
  const int tasks = tests::kSanitized ? 100 : 1000;
  std::vector<Future<int>> futures;
  for (int i = 0; i < tasks; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
  for (int i = 0; i < tasks; ++i) EXPECT_EQ(*futures[static_cast<size_t>(i)].Get(2 * kPatience), i * i);
  EXPECT_EQ(pool->stats().workers_lost, 0);
  EXPECT_GE(pool->stats().workers_started, tasks);
}

int NestedSquare(int x) {
  PoolOptions options = ForkedWorkers(1);
  options.max_tasks_per_worker = 1;
  absl::StatusOr<Pool> pool = Pool::Create(std::move(options));
  if (!pool.ok()) return -1;
  (void)pool->Apply(fn<&Square>, 1);
  return pool->Apply(fn<&Square>, x).value_or(-2);
}

TEST_F(PoolTemplateTest, AReplacement_MayHaveAPoolOfItsOwn_FromAnyThread) {
  if (tests::kThreadSanitized) GTEST_SKIP() << tests::kNoThreadsInForks;
  absl::StatusOr<Pool> pool = absl::UnknownError("not yet");
  std::thread([&pool] { pool = Pool::Create(ForkedWorkers(1)); }).join();
  ASSERT_OK(pool);
  ReplaceWorker(*pool);
  EXPECT_EQ(*pool->Submit(fn<&NestedSquare>, 5).Get(kPatience), 25);
  ReplaceWorker(*pool);
  EXPECT_EQ(*pool->Submit(fn<&NestedSquare>, 6).Get(kPatience), 36);
}

}  // namespace
}  // namespace progeny
