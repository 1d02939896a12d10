#include "support/leak_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "progeny/call.h"
#include "progeny/fork_server.h"
#include "progeny/process.h"
#include "support/system_view.h"
#include "support/wait_until.h"

namespace progeny::tests {
namespace {

constexpr absl::Duration kCatchUp = absl::Seconds(10);

// What progeny makes once for the whole process (lifeline, watcher, job) is no leak.
void WarmUp() {
  static const bool warm = [] {
    for (StartMethod method : AvailableStartMethods()) {
      Future<int> answer = Async({.start_method = method}, [] { return 1; });
      answer.OnReady([](const absl::StatusOr<int>&) {});
      EXPECT_TRUE(answer.Wait(kPatience));
    }
    return true;
  }();
  (void)warm;
}

std::vector<std::string> Everything() {
  std::vector<std::string> all = OpenHandles();
  for (std::string& line : SharedMappings()) all.push_back(absl::StrCat("mapping ", line));
  for (std::string& line : ChildrenOfThisProcess()) all.push_back(absl::StrCat("child ", line));
  for (const ProcessInfo& child : ActiveChildren()) {
    all.push_back(absl::StrCat("ActiveChildren() ", child.name));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> Less(const std::vector<std::string>& all,
                              const std::vector<std::string>& without) {
  std::vector<std::string> rest;
  std::set_difference(all.begin(), all.end(), without.begin(), without.end(),
                      std::back_inserter(rest));
  return rest;
}

}  // namespace

void LeakFreeTest::SetUp() {
  WarmUp();
  if (HasFork()) {
    EXPECT_TRUE(ForkServer::Start().ok()) << "a test before this one may have stopped it";
  }
  before_ = Everything();
}

void LeakFreeTest::TearDown() {
  std::vector<std::string> left;
  const bool clean = WaitUntil(
      [&] {
        left = Less(Everything(), before_);
        return left.empty();
      },
      kCatchUp);
  EXPECT_TRUE(clean) << "left behind:\n  " << absl::StrJoin(left, "\n  ");
}

std::string MethodName(const ::testing::TestParamInfo<StartMethod>& info) {
  return std::string(Name(info.param));
}

bool HasFork() {
  const std::vector<StartMethod> methods = AvailableStartMethods();
  return std::find(methods.begin(), methods.end(), StartMethod::kFork) != methods.end();
}

}  // namespace progeny::tests
