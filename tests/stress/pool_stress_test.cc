// A pool whose workers are killed at random instants, and pools made and ended again and again: each
// task has exactly one outcome, results are right, nothing is left. PROGENY_STRESS_ROUNDS makes it longer.
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/wait_until.h"

namespace progeny {
namespace {

using tests::kPatience;

// The short run is twenty rounds, as of the other stress tests.
int Rounds() {
  const char* rounds = std::getenv("PROGENY_STRESS_ROUNDS");
  return rounds != nullptr ? std::atoi(rounds) : 20;
}

class PoolStressTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolStressTest);

int Square(int x) { return x * x; }

// Ends the whole program if the test hangs: better a core than a silent queue.
class Watchdog {
 public:
  explicit Watchdog(absl::Duration patience)
      : thread_([this, patience] {
          if (tests::WaitUntil([this] { return done_.load(); }, patience)) return;
          std::fprintf(stderr, "the pool hangs\n");
          std::abort();
        }) {}
  ~Watchdog() {
    done_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// Kills workers of `pool` every few milliseconds until it is destroyed. On a slow machine a worker takes
// longer than that to come up: after some kills in which no task was done it lets one be done.
class Killer {
 public:
  explicit Killer(const Pool& pool) : pool_(pool), thread_([this] { Run(); }) {}
  ~Killer() {
    stop_ = true;
    thread_.join();
  }

 private:
  void Run() {
    std::mt19937 random(42);  // instants are random by themselves; victims need not be
    int64_t done = 0;
    int kills = 0;  // since a task was done
    while (!stop_) {
      absl::SleepFor(absl::Microseconds(std::uniform_int_distribution<int>(200, 6000)(random)));
      const int64_t done_now = pool_.stats().done;
      if (std::exchange(done, done_now) != done_now) kills = 0;
      if (++kills > kMostKillsInVain) continue;
      const std::vector<ProcessInfo> children = ActiveChildren();
      if (!children.empty()) tests::EndProcess(children[random() % children.size()].id);
    }
  }

  static constexpr int kMostKillsInVain = 10;

  const Pool& pool_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_P(PoolStressTest, WorkersKilledAtRandom_EachTaskHasOneOutcome) {
  if (tests::UnderWine()) GTEST_SKIP() << "Wine can leave a process whose start is cut off";
  const Watchdog watchdog(absl::Minutes(8));
  const int tasks = (tests::kSanitized ? 100 : 500) * Rounds();
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  int64_t aborted = 0;
  {
    const Killer killer(*pool);
    for (int done = 0; done < tasks;) {
      std::vector<Future<int>> futures;
      for (int i = 0; i < 250; ++i) futures.push_back(pool->Submit(fn<&Square>, i));
      for (int i = 0; i < 250; ++i) {
        const absl::StatusOr<int> outcome = futures[static_cast<size_t>(i)].Get(absl::Minutes(2));
        if (outcome.ok()) {
          ASSERT_EQ(*outcome, i * i);
        } else {
          ASSERT_TRUE(absl::IsAborted(outcome.status())) << outcome.status();
          ++aborted;
        }
      }
      done += 250;
      std::vector<int> inputs(250, 3);
      const auto each = pool->MapEach(fn<&Square>, inputs);
      ASSERT_OK(each);
      ASSERT_EQ(each->size(), inputs.size());
      for (const absl::StatusOr<int>& outcome : *each) {
        if (outcome.ok()) {
          ASSERT_EQ(*outcome, 9);
        } else {
          ASSERT_TRUE(absl::IsAborted(outcome.status())) << outcome.status();
          ++aborted;
        }
      }
      done += 250;
    }
  }
  const PoolStats stats = pool->stats();
  std::printf("%s: %d tasks, %lld aborted, %lld workers lost\n", std::string(Name(GetParam())).c_str(),
              tasks, static_cast<long long>(aborted), static_cast<long long>(stats.workers_lost));
  EXPECT_EQ(stats.done + stats.failed, tasks);
  EXPECT_EQ(stats.failed, aborted);
  EXPECT_EQ(stats.queued, 0);
  EXPECT_LE(aborted, stats.workers_lost);
}

TEST_P(PoolStressTest, PoolsMadeAndEnded_LeaveNothing) {
  const Watchdog watchdog(absl::Minutes(8));
  const int pools = (forks() ? 10 : 2) * Rounds() / (tests::kSanitized || tests::UnderWine() ? 10 : 1);
  const size_t before = tests::OpenHandles().size();
  for (int i = 0; i < pools; ++i) {
    absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
    ASSERT_OK(pool);
    if (i % 3 == 0) pool->Terminate();
    const absl::StatusOr<int> square = pool->Apply(fn<&Square>, i);
    ASSERT_TRUE(square.ok() || absl::IsCancelled(square.status())) << square.status();
  }
  EXPECT_LE(tests::OpenHandles().size(), before + 4);
}

}  // namespace
}  // namespace progeny
