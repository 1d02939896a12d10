// kFork pools, their templates, and workers that are replaced.
#ifndef PROGENY_TESTS_SUPPORT_POSIX_TEMPLATE_POOL_H_
#define PROGENY_TESTS_SUPPORT_POSIX_TEMPLATE_POOL_H_

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/process.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny::tests {

inline constexpr char kNoThreadsInForks[] =
    "ThreadSanitizer lets no forked child have threads, as a pool needs";

inline PoolOptions ForkedWorkers(int count) {
  PoolOptions options;
  options.workers = count;
  options.process.start_method = StartMethod::kFork;
  options.process.fork_safety = ForkSafetyPolicy::kIgnore;  // the tests hear what is said
  return options;
}

inline int64_t OwnId() { return this_process::id(); }
inline int ExitAtOnce(int code) { std::_Exit(code); }
inline int Square(int x) { return x * x; }

inline std::vector<int64_t> Children() {
  std::vector<int64_t> ids;
  for (const std::string& line : ChildrenOfThisProcess()) ids.push_back(std::atoll(line.c_str()));
  return ids;
}

// A pool, and the process id of its template: the one child that is new and no worker.
struct WithTemplate {
  explicit WithTemplate(PoolOptions options) : before(Children()), pool(Pool::Create(std::move(options))) {
    for (int64_t id : Children()) {
      const auto is_it = [id](const ProcessInfo& child) { return child.id == id; };
      if (std::ranges::count(before, id) == 0 && std::ranges::none_of(ActiveChildren(), is_it)) template_id = id;
    }
  }
  std::vector<int64_t> before;
  absl::StatusOr<Pool> pool;
  int64_t template_id = 0;
};

class PoolTemplateTest : public LeakFreeTest {
 protected:
  // Its one worker is another process afterwards.
  static void ReplaceWorker(Pool& pool) {
    const absl::StatusOr<int64_t> id = pool.Apply(fn<&OwnId>);
    ASSERT_OK(id);
    EXPECT_THAT(pool.Apply(fn<&ExitAtOnce>, 3), IsError(absl::StatusCode::kAborted, "exit code 3"));
    const absl::StatusOr<int64_t> next = pool.Apply(fn<&OwnId>);
    ASSERT_OK(next);
    EXPECT_NE(*next, *id);
  }
};

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_POSIX_TEMPLATE_POOL_H_
