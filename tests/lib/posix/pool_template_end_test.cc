// The end of a kFork pool's template, at every moment: told, never waited for, and leaving nothing.
#include <signal.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/log.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/posix/template_pool.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::ExitAtOnce;
using tests::ForkedWorkers;
using tests::IsError;
using tests::kPatience;
using tests::PoolTemplateTest;
using tests::Square;
using tests::WaitUntil;
using tests::WithTemplate;

TEST_F(PoolTemplateTest, SignalsOfTheTerminal_LeaveTheTemplateAlone) {
  WithTemplate made(ForkedWorkers(1));
  ASSERT_OK(made.pool);
  ASSERT_NE(made.template_id, 0);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) kill(static_cast<pid_t>(made.template_id), signal);
  ReplaceWorker(*made.pool);
  EXPECT_TRUE(tests::IsRunning(made.template_id));
}

// What progeny has to say meanwhile.
class Heard {
 public:
  Heard() {
    Log::SetSink([this](const Log::Message& message) {
      const std::lock_guard<std::mutex> lock(mutex_);
      lines_.emplace_back(message.text);
    });
  }
  ~Heard() { Log::SetSink({}); }
  std::vector<std::string> lines() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(PoolTemplateTest, TheTemplateKilled_IsToldOnce_AndThePoolLivesAsLongAsItsWorkers) {
  const Heard heard;
  {
    WithTemplate made(ForkedWorkers(2));
    ASSERT_OK(made.pool);
    ASSERT_NE(made.template_id, 0);
    tests::EndProcess(made.template_id);
    EXPECT_TRUE(WaitUntil([&] { return !heard.lines().empty(); }));
    EXPECT_EQ(*made.pool->Apply(fn<&Square>, 3), 9);
    EXPECT_THAT(made.pool->Apply(fn<&ExitAtOnce>, 1), IsError(absl::StatusCode::kAborted, "exit code 1"));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(*made.pool->Apply(fn<&Square>, i), i * i) << "by the one that is left";
    EXPECT_THAT(made.pool->Apply(fn<&ExitAtOnce>, 2), IsError(absl::StatusCode::kAborted, "exit code 2"));
    EXPECT_THAT(made.pool->Submit(fn<&Square>, 3).Get(kPatience),
                IsError(absl::StatusCode::kUnavailable, "template process"));
    EXPECT_OK(made.pool->Join(kPatience));
  }
  ASSERT_EQ(heard.lines().size(), 1u);
  EXPECT_THAT(heard.lines().front(), HasSubstr("killed by SIGKILL"));
}

TEST_F(PoolTemplateTest, AnEndOfThePool_IsNothingToTell) {
  const Heard heard;
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<Pool> pool = Pool::Create(ForkedWorkers(1));
    ASSERT_OK(pool);
    if (i % 2 == 0) ReplaceWorker(*pool);
    if (i % 3 == 0) pool->Terminate();
  }
  EXPECT_THAT(heard.lines(), testing::IsEmpty());
}

// A stopped template keeps a start under way until it is let go, or killed.
TEST_F(PoolTemplateTest, TheTemplateKilled_WhileAStartIsUnderWay_IsAnOutcomeOfEachTask) {
  const Heard heard;
  for (int round = 0; round < 5; ++round) {
    WithTemplate made(ForkedWorkers(1));
    ASSERT_OK(made.pool);
    kill(static_cast<pid_t>(made.template_id), SIGSTOP);
    EXPECT_THAT(made.pool->Apply(fn<&ExitAtOnce>, 1), IsError(absl::StatusCode::kAborted, "exit code 1"));
    Future<int> waiting = made.pool->Submit(fn<&Square>, 4);
    EXPECT_FALSE(waiting.Wait(absl::Milliseconds(30))) << "there is nobody to run it";
    tests::EndProcess(made.template_id);
    EXPECT_THAT(waiting.Get(kPatience), IsError(absl::StatusCode::kUnavailable, "template process"));
  }
}

TEST_F(PoolTemplateTest, TheTemplateKilled_AtRandomInstantsOfStarts_IsAnOutcomeOfEachTask) {
  const Heard heard;
  const int rounds = tests::kSanitized ? 5 : 25;
  for (int round = 0; round < rounds; ++round) {
    PoolOptions options = ForkedWorkers(2);
    options.max_tasks_per_worker = 1;
    WithTemplate made(std::move(options));
    ASSERT_OK(made.pool);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 200; ++i) futures.push_back(made.pool->Submit(fn<&Square>, i));
    (void)futures[static_cast<size_t>(2 + 3 * round)].Wait(kPatience);
    tests::EndProcess(made.template_id);
    for (int i = 0; i < 200; ++i) {
      const absl::StatusOr<int> outcome = futures[static_cast<size_t>(i)].Get(kPatience);
      if (outcome.ok()) {
        EXPECT_EQ(*outcome, i * i);
      } else {
        EXPECT_THAT(outcome, IsError(absl::StatusCode::kUnavailable, "template process"));
      }
    }
  }
}

TEST_F(PoolTemplateTest, ThePoolEnded_WhileAStartIsUnderWay_IsEnded) {
  for (int round = 0; round < 6; ++round) {
    WithTemplate made(ForkedWorkers(1));
    ASSERT_OK(made.pool);
    kill(static_cast<pid_t>(made.template_id), SIGSTOP);
    EXPECT_THAT(made.pool->Apply(fn<&ExitAtOnce>, 1), IsError(absl::StatusCode::kAborted, "exit code 1"));
    Future<int> waiting = made.pool->Submit(fn<&Square>, 4);
    EXPECT_FALSE(waiting.Wait(absl::Milliseconds(10 * round)));
    const bool terminated = round % 2 == 0;
    if (terminated) {
      made.pool->Terminate();
    } else {
      made.pool->Close();
    }
    kill(static_cast<pid_t>(made.template_id), SIGCONT);
    EXPECT_OK(made.pool->Join(kPatience));
    if (terminated) {
      EXPECT_THAT(waiting.Get(kPatience), IsError(absl::StatusCode::kCancelled, ""));
    } else {
      EXPECT_EQ(*waiting.Get(kPatience), 16);
    }
    EXPECT_FALSE(tests::IsRunning(made.template_id));
  }
}

// Says who its children are, one of them in the making, and waits to be killed.
int OwnPoolAndWait() {
  WithTemplate made(ForkedWorkers(2));
  if (!made.pool.ok() || made.template_id == 0) return 1;
  // Stopped before its first instruction it would not be bound to anybody's life yet.
  (void)made.pool->Apply(fn<&ExitAtOnce>, 1);
  if (!WaitUntil([&] { return made.pool->stats().workers_started == 3; })) return 2;
  kill(static_cast<pid_t>(made.template_id), SIGSTOP);
  // Where replacements are the template's children, it alone could tell of this end.
  (void)made.pool->Submit(fn<&ExitAtOnce>, 1).Wait(absl::Milliseconds(200));
  std::string line = absl::StrCat(made.template_id);
  for (const ProcessInfo& worker : ActiveChildren()) absl::StrAppend(&line, " ", worker.id);
  tests::Say(line);
  absl::SleepFor(2 * kPatience);
  return 0;
}

TEST_F(PoolTemplateTest, TheParentKilled_TakesTheTemplateAlong_WhateverItDoes) {
  if (tests::kThreadSanitized) GTEST_SKIP() << tests::kNoThreadsInForks;
  for (int round = 0; round < 3; ++round) {
    absl::StatusOr<Process> owner = Process::Start(
        {.start_method = StartMethod::kFork, .out = Stdio::Pipe()}, fn<&OwnPoolAndWait>);
    ASSERT_OK(owner);
    std::vector<int64_t> ids;
    const std::vector<std::string> told = absl::StrSplit(tests::ReadLine(owner->out()), ' ');
    for (const std::string& id : told) ids.push_back(std::atoll(id.c_str()));
    EXPECT_GE(ids.size(), 2u);
    ASSERT_OK(owner->Kill());
    ASSERT_OK(owner->Join(kPatience));
    for (int64_t id : ids) EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(id); })) << id;
  }
}

TEST_F(PoolTemplateTest, TwoPools_DontHoldEachOthersTemplates) {
  WithTemplate first(ForkedWorkers(1));
  WithTemplate second(ForkedWorkers(1));
  ASSERT_OK(first.pool);
  ASSERT_OK(second.pool);
  first.pool->Close();
  EXPECT_OK(first.pool->Join(kPatience));
  EXPECT_FALSE(tests::IsRunning(first.template_id));
  ReplaceWorker(*second.pool);
}

}  // namespace
}  // namespace progeny
