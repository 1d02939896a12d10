// A pool whose workers are killed at random while it is itself held up, or short of descriptors or of
// memory, so that replacements fail for a while: each task has exactly one outcome, and the pool heals.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "progeny/memory_usage.h"
#include "progeny/pool.h"
#include "stress/pool_chaos.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/sanitizers.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::Repetitions;

class PoolChaosTest : public tests::EveryMethodPool {
 protected:
  int Tasks() const {
    if (tests::kSanitized) return Repetitions(50, 100'000);
    if (GetParam() == StartMethod::kSpawn) return Repetitions(200, 200'000);
    return forks() ? Repetitions(1000, 1'000'000) : Repetitions(500, 500'000);
  }

  const tests::Watchdog watchdog_{absl::Minutes(100)};
};
PROGENY_FOR_EVERY_METHOD(PoolChaosTest);

std::set<pid_t> Threads() {
  std::set<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    int id = 0;
    if (absl::SimpleAtoi(entry.path().filename().string(), &id)) threads.insert(id);
  }
  return threads;
}

// How long a thread has been ready to run and was not let.
std::optional<absl::Duration> Held(pid_t thread) {
  std::ifstream file(absl::StrCat("/proc/self/task/", thread, "/schedstat"));
  int64_t ran = 0;
  int64_t waited = 0;
  if (!(file >> ran >> waited)) return std::nullopt;
  return absl::Nanoseconds(waited);
}

// The pool's threads on one CPU, at the lowest priority there is, beside one that never stops for long:
// what a busy machine does now and then happens all the time.
TEST_P(PoolChaosTest, ThePoolsThreadsHeldUp_WhileWorkersAreKilled) {
  if (tests::kSanitized && GetParam() == StartMethod::kSpawn) {
    GTEST_SKIP() << "instrumented workers start so slowly that this takes minutes";
  }
  const std::set<pid_t> before = Threads();
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  std::vector<pid_t> pools;
  for (pid_t thread : Threads()) {
    if (before.count(thread) == 0) pools.push_back(thread);
  }
  ASSERT_EQ(pools.size(), 2u) << "the dispatcher, the supervisor";
  cpu_set_t everywhere;
  sched_getaffinity(0, sizeof everywhere, &everywhere);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &everywhere)) ++cpu;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  const sched_param none{};
  for (pid_t thread : pools) {
    ASSERT_EQ(sched_setaffinity(thread, sizeof one, &one), 0);
    ASSERT_EQ(sched_setscheduler(thread, SCHED_IDLE, &none), 0);
  }
  // Everything takes several times as long here: a quarter of them in a short run.
  const int tasks = Tasks() > 100'000 ? Tasks() : std::max(Tasks() / 4000, 1) * 1000;
  tests::Outcomes outcomes;
  {
    std::mt19937 random(7);
    const tests::Meanwhile hog([&] {
      pthread_setaffinity_np(pthread_self(), sizeof one, &one);
      const absl::Time end = absl::Now() + absl::Microseconds(random() % 20'000);
      while (absl::Now() < end) {
      }
      absl::SleepFor(absl::Microseconds(random() % 2000));
    });
    const tests::Killer killer(*pool);
    outcomes = tests::Work(*pool, tasks);
  }
  tests::ExpectOneOutcomeEach(*pool, outcomes, tasks);
  absl::Duration held;
  for (pid_t thread : pools) held += Held(thread).value_or(absl::InfiniteDuration());
  std::printf("the pool's threads were held up for %s\n", absl::FormatDuration(held).c_str());
  EXPECT_GT(held, absl::Milliseconds(100)) << "or the test tests nothing";
}

// Between shortages of some ten milliseconds there are as long ones with enough of everything.
class Shortage {
 public:
  struct Kind {
    int resource;
    rlim_t (*lowered)();  // to what, at this moment
    bool (*enough)();     // for a start
  };
  explicit Shortage(const Kind& kind)
      : kind_(kind),
        resource_(static_cast<decltype(RLIMIT_NOFILE)>(kind.resource)),
        meanwhile_([this] { Turn(); }) {}
  // How often there wasn't enough, as it should be.
  int felt() const { return felt_; }

 private:
  rlimit Full() const {
    rlimit limit{};
    getrlimit(resource_, &limit);
    return limit;
  }
  void Set(rlim_t soft) {
    const rlimit limit{std::min(soft, full_.rlim_max), full_.rlim_max};
    setrlimit(resource_, &limit);
  }
  void Turn() {
    Set(kind_.lowered());
    if (!kind_.enough()) ++felt_;
    absl::SleepFor(absl::Milliseconds(random_() % 40));
    Set(full_.rlim_cur);
    absl::SleepFor(absl::Milliseconds(random_() % 40));
  }

  const Kind kind_;
  const decltype(RLIMIT_NOFILE) resource_;
  const rlimit full_ = Full();
  std::atomic<int> felt_{0};
  std::mt19937 random_{11};
  tests::Meanwhile meanwhile_;  // last: it uses the others
};

rlim_t RoomForOneDescriptor() {
  const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (lowest < 0) return RLIM_INFINITY;
  close(lowest);
  return static_cast<rlim_t>(lowest) + 1;
}

bool TwoDescriptors() {
  const int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int second = open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int fd : {first, second}) {
    if (fd >= 0) close(fd);
  }
  return second >= 0;
}

TEST_P(PoolChaosTest, DescriptorsShort_WhileWorkersAreKilled) {
  if (tests::kSanitized) GTEST_SKIP() << "the sanitizers' own checks of memory need a free descriptor";
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const int tasks = Tasks();
  tests::Outcomes outcomes;
  {
    const tests::Killer killer(*pool);
    const Shortage shortage({RLIMIT_NOFILE, &RoomForOneDescriptor, &TwoDescriptors});
    outcomes = tests::Work(*pool, tasks);
    EXPECT_GT(shortage.felt(), 0) << "or the test tests nothing";
  }
  tests::ExpectOneOutcomeEach(*pool, outcomes, tasks);
}

// Room for what small allocations of these 40 ms need, and not for much else.
rlim_t NoRoomForMappings() {
  constexpr rlim_t kSmallAllocations = 768 << 10;
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0;
  if (!(file >> pages)) return RLIM_INFINITY;
  return static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + kSmallAllocations;
}

bool RoomForAMapping() {
  constexpr size_t kBytes = 1 << 20;
  void* const memory = mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  munmap(memory, kBytes);
  return true;
}

TEST_P(PoolChaosTest, MemoryShort_WhileWorkersAreKilled) {
  if (tests::kSanitized) GTEST_SKIP() << "a sanitizer can't do without address space";
  if (!forks()) GTEST_SKIP() << "a program that is started anew inherits the limit, and dies of it";
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  const int tasks = Tasks();
  tests::Outcomes outcomes;
  {
    const tests::Killer killer(*pool);  // its thread needs a stack
    const Shortage shortage({RLIMIT_AS, &NoRoomForMappings, &RoomForAMapping});
    outcomes = tests::Work(*pool, tasks);
    EXPECT_GT(shortage.felt(), 0) << "or the test tests nothing";
  }
  tests::ExpectOneOutcomeEach(*pool, outcomes, tasks);
}

}  // namespace
}  // namespace progeny
