// The base of every test that starts processes: what was there before is there afterwards, and
// nothing else.
#ifndef PROGENY_TESTS_SUPPORT_LEAK_CHECK_H_
#define PROGENY_TESTS_SUPPORT_LEAK_CHECK_H_

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "progeny/process_options.h"

namespace progeny::tests {

// Looks at descriptors, children (zombies too), shared mappings and ActiveChildren() before and
// after; grants the system some time to catch up.
class LeakFreeTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

 private:
  std::vector<std::string> before_;
};

// The same test for every start method there is.
class EveryMethod : public LeakFreeTest, public ::testing::WithParamInterface<StartMethod> {
 protected:
  ProcessOptions Options() const {
    ProcessOptions options;
    options.start_method = GetParam();
    return options;
  }
  // With its output as a pipe: for children that say when they are ready.
  ProcessOptions Talking() const {
    ProcessOptions options = Options();
    options.out = Stdio::Pipe();
    return options;
  }
  bool forks() const { return GetParam() == StartMethod::kFork; }
};

std::string MethodName(const ::testing::TestParamInfo<StartMethod>& info);

bool HasFork();

}  // namespace progeny::tests

#define PROGENY_FOR_EVERY_METHOD(Suite)                                                       \
  INSTANTIATE_TEST_SUITE_P(Every, Suite,                                                      \
                           ::testing::ValuesIn(::progeny::AvailableStartMethods()),           \
                           ::progeny::tests::MethodName)

#endif  // PROGENY_TESTS_SUPPORT_LEAK_CHECK_H_
