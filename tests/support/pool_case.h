// Tests of pools under every start method.
#ifndef PROGENY_TESTS_SUPPORT_POOL_CASE_H_
#define PROGENY_TESTS_SUPPORT_POOL_CASE_H_

#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "progeny/this_process.h"
#include "support/leak_check.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny::tests {

class EveryMethodPool : public EveryMethod {
 protected:
  PoolOptions Workers(int count) const {
    PoolOptions options;
    options.workers = count;
    options.process = Options();
    return options;
  }
};

// What most tasks of these tests are.
inline int Square(int x) { return x * x; }
inline int64_t WideSquare(int64_t x) { return x * x; }
inline int64_t OwnId() { return this_process::id(); }
// Without a word to the pool.
inline int Vanish(int code) { std::_Exit(code); }

// A task that says in which process it runs, by what stands in a file, then sleeps.
inline int SleepAndTell(const std::string& file) {
  WriteFile(file, std::to_string(this_process::id()));
  absl::SleepFor(2 * kPatience);
  return 0;
}

// Who has written that file; waits for it.
inline int64_t IdIn(const std::string& file) {
  std::string text;
  EXPECT_TRUE(WaitUntil([&] { return !(text = ReadFile(file)).empty(); }));
  return std::atoll(text.c_str());
}

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_POOL_CASE_H_
