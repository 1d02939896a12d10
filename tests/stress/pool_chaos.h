// What the stress tests of pools share: work whose outcomes are counted, somebody who kills workers
// meanwhile, and a watchdog.
#ifndef PROGENY_TESTS_STRESS_POOL_CHAOS_H_
#define PROGENY_TESTS_STRESS_POOL_CHAOS_H_

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/wait_until.h"

namespace progeny::tests {

// `each_round` times PROGENY_STRESS_ROUNDS, at most `most`. The short run is twenty rounds, as of the other
// stress tests.
inline int Repetitions(int each_round, int most) {
  const char* const text = std::getenv("PROGENY_STRESS_ROUNDS");
  const int64_t rounds = text != nullptr ? std::atoi(text) : 20;
  return static_cast<int>(std::min<int64_t>(each_round * rounds, most));
}

// Ends the whole program if the test hangs: better a core than a silent queue.
class Watchdog {
 public:
  explicit Watchdog(absl::Duration patience)
      : thread_([this, patience] {
          if (WaitUntil([this] { return done_.load(); }, patience)) return;
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

// Calls `turn` again and again on a thread of its own until it is destroyed.
class Meanwhile {
 public:
  explicit Meanwhile(std::function<void()> turn)
      : thread_([this, turn = std::move(turn)] {
          while (!stop_) turn();
        }) {}
  ~Meanwhile() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Kills workers of `pool` every few milliseconds until it is destroyed. On a slow machine a worker takes
// longer than that to come up: after some kills in which no task was done it lets one be done.
class Killer {
 public:
  explicit Killer(const Pool& pool) : pool_(pool), meanwhile_([this] { Turn(); }) {}
  int kills() const { return kills_; }

 private:
  void Turn() {
    absl::SleepFor(absl::Microseconds(std::uniform_int_distribution<int>(200, 6000)(random_)));
    const int64_t done_now = pool_.stats().done;
    if (std::exchange(done_, done_now) != done_now) in_vain_ = 0;
    if (++in_vain_ > kMostKillsInVain) return;
    const std::vector<ProcessInfo> children = ActiveChildren();
    if (children.empty()) return;
    EndProcess(children[random_() % children.size()].id);
    ++kills_;
  }

  static constexpr int kMostKillsInVain = 10;

  const Pool& pool_;
  std::mt19937 random_{42};  // instants are random by themselves; victims need not be
  int64_t done_ = 0;
  int in_vain_ = 0;
  std::atomic<int> kills_{0};
  Meanwhile meanwhile_;  // last: it uses the others
};

struct Outcomes {
  int64_t right = 0;
  int64_t aborted = 0;

  // False where it is neither, and the test has failed.
  bool Count(const absl::StatusOr<int>& outcome, int expected) {
    if (outcome.ok()) {
      EXPECT_EQ(*outcome, expected);
      ++right;
      return *outcome == expected;
    }
    EXPECT_TRUE(absl::IsAborted(outcome.status())) << outcome.status();
    ++aborted;
    return absl::IsAborted(outcome.status());
  }
};

// `tasks` of them, by Submit, one by one by Apply, and by MapEach, 1000 a turn.
inline Outcomes Work(Pool& pool, int tasks) {
  constexpr int kTurn = 500;
  Outcomes outcomes;
  const std::vector<int> threes(kTurn, 3);
  for (int done = 0; done < tasks; done += 2 * kTurn) {
    std::vector<Future<int>> futures;
    for (int i = 0; i < kTurn / 2; ++i) futures.push_back(pool.Submit(fn<&Square>, i));
    for (int i = 0; i < kTurn / 2; ++i) {
      if (!outcomes.Count(futures[static_cast<size_t>(i)].Get(absl::Minutes(2)), i * i)) return outcomes;
    }
    for (int i = 0; i < kTurn / 2; ++i) {
      if (!outcomes.Count(pool.Apply(fn<&Square>, i), i * i)) return outcomes;
    }
    const auto each = pool.MapEach(fn<&Square>, threes);
    EXPECT_TRUE(each.ok()) << each.status();
    if (!each.ok() || each->size() != threes.size()) return outcomes;
    for (const absl::StatusOr<int>& outcome : *each) {
      if (!outcomes.Count(outcome, 9)) return outcomes;
    }
  }
  return outcomes;
}

// The pool's own books agree with what was seen.
inline void ExpectOneOutcomeEach(const Pool& pool, const Outcomes& seen, int tasks) {
  const PoolStats stats = pool.stats();
  std::printf("%d tasks, %lld aborted, %lld workers lost\n", tasks, static_cast<long long>(seen.aborted),
              static_cast<long long>(stats.workers_lost));
  EXPECT_EQ(seen.right + seen.aborted, tasks);
  EXPECT_EQ(stats.done, seen.right);
  EXPECT_EQ(stats.failed, seen.aborted);
  EXPECT_EQ(stats.queued, 0);
  EXPECT_LE(seen.aborted, stats.workers_lost);
}

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_STRESS_POOL_CHAOS_H_
