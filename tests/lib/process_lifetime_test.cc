// Nobody outlives the parent by more than a second, however the parent ends, unless detached.
#include <algorithm>
#include <csignal>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using tests::kPatience;
using tests::WaitUntil;

constexpr absl::Duration kPromised = absl::Seconds(1);

// How the middle process treats the children it starts.
enum class Care { kKeeps, kDetaches, kFromAThreadThatEnds, kKeepsAFamily };

int StayDeafUntilEnded() {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  return tests::StayUntilEnded();
}

// Starts `count` children, tells their ids, and stays.
int Middle(StartMethod method, Care care, int count) {
  std::vector<Process> children;
  std::vector<std::string> ids;
  bool failed = false;
  const auto start_all = [&] {
    for (int i = 0; i < count; ++i) {
      ProcessOptions options{.start_method = method, .out = Stdio::Pipe()};
      absl::StatusOr<Process> child =
          care == Care::kKeepsAFamily
              ? Process::Start(options, fn<&Middle>, method, Care::kKeeps, 1)
              : Process::Start(options, fn<&StayDeafUntilEnded>);
      if (!child.ok()) {
        failed = true;
        return;
      }
      ids.push_back(absl::StrCat(child->id()));
      const std::string word = tests::ReadLine(child->out());
      if (care == Care::kKeepsAFamily) ids.push_back(word);
      if (care == Care::kDetaches) child->Detach();
      children.push_back(*std::move(child));
    }
  };
  if (care == Care::kFromAThreadThatEnds) {
    std::thread(start_all).join();
  } else {
    start_all();
  }
  if (failed) return tests::kStartFailed;
  tests::Say(absl::StrJoin(ids, " "));
  return tests::StayUntilEnded();
}

std::vector<int64_t> Numbers(const std::string& line) {
  std::vector<int64_t> numbers;
  for (const auto part : absl::StrSplit(line, ' ', absl::SkipEmpty())) {
    int64_t number = 0;
    if (absl::SimpleAtoi(part, &number)) numbers.push_back(number);
  }
  return numbers;
}

bool AnyRuns(const std::vector<int64_t>& ids) {
  return std::any_of(ids.begin(), ids.end(), &tests::IsRunning);
}
bool AllRun(const std::vector<int64_t>& ids) {
  return std::all_of(ids.begin(), ids.end(), &tests::IsRunning);
}

// By the start method of the middle process, each with every method of its children.
class LifetimeTest : public tests::EveryMethod {
 protected:
  struct Family {
    absl::StatusOr<Process> middle;
    std::vector<int64_t> children;
  };
  Family StartFamily(StartMethod inner, Care care, int count) {
    Family family{Process::Start(Talking(), fn<&Middle>, inner, care, count), {}};
    if (family.middle.ok()) family.children = Numbers(tests::ReadLine(family.middle->out()));
    return family;
  }
  void ExpectNobodySurvives(Care care, size_t people) {
    for (StartMethod inner : AvailableStartMethods()) {
      Family family = StartFamily(inner, care, 3);
      ASSERT_OK(family.middle);
      ASSERT_EQ(family.children.size(), people);
      EXPECT_TRUE(AllRun(family.children)) << "while their parent runs";
      ASSERT_OK(family.middle->Kill());
      ASSERT_OK(family.middle->Join(kPatience));
      EXPECT_TRUE(WaitUntil([&] { return !AnyRuns(family.children); }, kPromised))
          << "children by " << Name(inner);
    }
  }
};
PROGENY_FOR_EVERY_METHOD(LifetimeTest);

TEST_P(LifetimeTest, Children_EndWithAParentThatWasKilled) { ExpectNobodySurvives(Care::kKeeps, 3); }

TEST_P(LifetimeTest, Grandchildren_EndWithTheirGrandparent) {
  ExpectNobodySurvives(Care::kKeepsAFamily, 6);
}

TEST_P(LifetimeTest, Children_OutliveTheThreadThatStartedThemButNotTheProcess) {
  ExpectNobodySurvives(Care::kFromAThreadThatEnds, 3);
}

TEST_P(LifetimeTest, DetachedChildren_OutliveTheirParent) {
  for (StartMethod inner : AvailableStartMethods()) {
    Family family = StartFamily(inner, Care::kDetaches, 2);
    ASSERT_OK(family.middle);
    ASSERT_EQ(family.children.size(), 2u);
    ASSERT_OK(family.middle->Kill());
    ASSERT_OK(family.middle->Join(kPatience));
    // Who was bound has ended by now; there is no moment at which the rest is sure to live on.
    const bool ended = WaitUntil([&] { return !AllRun(family.children); }, kPromised);
    // Windows: a child's detached child may end with that child's family.
    if (tests::HasFork()) {
      EXPECT_FALSE(ended);
    }
    for (int64_t id : family.children) tests::EndProcess(id);
    EXPECT_TRUE(WaitUntil([&] { return !AnyRuns(family.children); }));
  }
}

TEST_P(LifetimeTest, TerminatedMiddle_TakesItsChildrenAlong) {
  for (StartMethod inner : AvailableStartMethods()) {
    Family family = StartFamily(inner, Care::kKeeps, 2);
    ASSERT_OK(family.middle);
    ASSERT_OK(family.middle->Terminate());
    EXPECT_TRUE(family.middle->Join(kPatience)->terminated());
    EXPECT_TRUE(WaitUntil([&] { return !AnyRuns(family.children); }, kPromised));
  }
}

int StopWithChild(StartMethod method) {
  absl::StatusOr<Process> child =
      Process::Start({.start_method = method, .out = Stdio::Null()}, fn<&tests::StayUntilStopped>);
  if (!child.ok()) return tests::kStartFailed;
  tests::Say(absl::StrCat(child->id()));
  return WaitUntil(&this_process::StopRequested) ? tests::kDone : tests::kNobodyStoppedMe;
}

TEST_P(LifetimeTest, StoppedMiddle_StopsItsOwnChildOnTheWay) {
  for (StartMethod inner : AvailableStartMethods()) {
    absl::StatusOr<Process> middle = Process::Start(Talking(), fn<&StopWithChild>, inner);
    ASSERT_OK(middle);
    const std::vector<int64_t> grandchild = Numbers(tests::ReadLine(middle->out()));
    ASSERT_EQ(grandchild.size(), 1u);
    ASSERT_OK(middle->RequestStop());
    EXPECT_EQ(middle->Join(kPatience)->exit_code(), tests::kDone);
    EXPECT_FALSE(AnyRuns(grandchild));
  }
}

TEST_P(LifetimeTest, Detach_OfAChildOfTheMainProcessLeavesItRunning) {
  const size_t handles = tests::OpenHandles().size();
  int64_t id = 0;
  {
    ProcessOptions options = Talking();
    absl::StatusOr<Process> child = Process::Start(options, fn<&tests::StayUntilEnded>);
    ASSERT_OK(child);
    EXPECT_EQ(tests::ReadLine(child->out()), "ready");
    id = child->id();
    child->Detach();
    child->Detach();
    EXPECT_TRUE(ActiveChildren().empty()) << "it is not counted any more";
    EXPECT_TRUE(child->IsAlive()) << "but may be asked about";
  }
  EXPECT_TRUE(tests::IsRunning(id));
  tests::EndProcess(id);
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(id); }));
  // A start reaps it; its end may have been told a moment after that start.
  EXPECT_TRUE(WaitUntil([&] {
    return Call(Options(), fn<&tests::ExitWith>, 0).ok() && tests::OpenHandles().size() <= handles;
  }));
}

}  // namespace
}  // namespace progeny
