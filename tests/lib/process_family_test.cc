// Names, parents, children of children, and the list of those who run.
#include <algorithm>
#include <atomic>
#include <thread>

#include "progeny/call.h"
#include "progeny/process.h"
#include "progeny/wait.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"

namespace progeny {
namespace {

using ::testing::ElementsAre;
using tests::IsError;
using tests::kPatience;

class FamilyTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(FamilyTest);

std::vector<std::string> NamesOf(const std::vector<ProcessInfo>& infos) {
  std::vector<std::string> names;
  for (const ProcessInfo& info : infos) names.push_back(info.name);
  return names;
}

TEST_P(FamilyTest, ActiveChildren_AreThoseStartedAndNotEnded) {
  ProcessOptions first = Talking();
  first.name = "first";
  ProcessOptions second = Talking();
  second.name = "second \xc3\xa4";
  absl::StatusOr<Process> a = Process::Start(first, fn<&tests::StayUntilStopped>);
  absl::StatusOr<Process> b = Process::Start(second, fn<&tests::StayUntilStopped>);
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_THAT(NamesOf(ActiveChildren()), ElementsAre("first", "second \xc3\xa4"));
  EXPECT_EQ(ActiveChildren()[1].id, b->id());
  EXPECT_EQ(ActiveChildren()[1].start_method, GetParam());
  ASSERT_OK(a->RequestStop());
  ASSERT_OK(a->Join(kPatience));
  EXPECT_THAT(NamesOf(ActiveChildren()), ElementsAre("second \xc3\xa4"));
}

struct Self {
  ProcessId id = 0;
  std::string name;
  bool is_main = true;
  bool stop_requested = true;
  std::optional<StartMethod> method;
  std::optional<ProcessId> parent;
  std::string parent_name;
  bool parent_alive = false;
};

Self TellSelf() {
  Self self{this_process::id(), this_process::name(), this_process::IsMain(),
            this_process::StopRequested(), this_process::start_method(), {}, {}, false};
  if (const std::optional<ParentProcess> parent = this_process::parent()) {
    self.parent = parent->id();
    self.parent_name = parent->name();
    self.parent_alive = parent->IsAlive();
  }
  return self;
}

TEST_P(FamilyTest, Child_KnowsItselfAndItsParent) {
  ProcessOptions options = Options();
  options.name = "indexer";
  const absl::StatusOr<Self> child = Call(options, fn<&TellSelf>);
  ASSERT_OK(child);
  EXPECT_NE(child->id, this_process::id());
  EXPECT_EQ(child->name, "indexer");
  EXPECT_FALSE(child->is_main);
  EXPECT_FALSE(child->stop_requested);
  EXPECT_EQ(child->method, GetParam());
  EXPECT_EQ(child->parent, this_process::id());
  EXPECT_EQ(child->parent_name, "MainProcess");
  EXPECT_TRUE(child->parent_alive);
}

absl::Status ParentJoinTimesOut() { return this_process::parent()->Join(absl::Milliseconds(1)); }

TEST_P(FamilyTest, ParentProcess_JoinPastItsTimeoutLeavesBothRunning) {
  EXPECT_THAT(Call(Options(), fn<&ParentJoinTimesOut>),
              IsError(absl::StatusCode::kDeadlineExceeded, ""));
}

std::vector<std::string> NamesDown(StartMethod method, int depth) {
  std::vector<std::string> names{this_process::name()};
  if (depth == 0) return names;
  for (int i = 0; i < 2; ++i) {
    const auto below = Call({.start_method = method}, fn<&NamesDown>, method, depth - 1);
    if (!below.ok()) return {std::string(below.status().message())};
    names.insert(names.end(), below->begin(), below->end());
  }
  return names;
}

TEST_P(FamilyTest, Names_TellWhoseChildEachIs) {
  const auto names = Call(Options(), fn<&NamesDown>, GetParam(), 2);
  ASSERT_OK(names);
  const std::string& top = names->front();
  EXPECT_EQ(top.rfind("Process-", 0), 0u) << top;
  EXPECT_THAT(*names, ElementsAre(top, top + ":1", top + ":1:1", top + ":1:2", top + ":2",
                                  top + ":2:1", top + ":2:2"));
}

absl::StatusOr<std::string> MethodsDown(std::vector<StartMethod> methods) {
  const std::string own(Name(*this_process::start_method()));
  if (methods.empty()) return own;
  const StartMethod next = methods.front();
  methods.erase(methods.begin());
  absl::StatusOr<std::string> below =
      Call({.start_method = next}, fn<&MethodsDown>, std::move(methods));
  if (!below.ok()) return below.status();
  return own + " " + *below;
}

TEST_P(FamilyTest, StartMethods_NestInAnyOrder) {
  for (StartMethod second : AvailableStartMethods()) {
    for (StartMethod third : AvailableStartMethods()) {
      const auto told = Call(Options(), fn<&MethodsDown>, std::vector{second, third});
      ASSERT_OK(told);
      EXPECT_EQ(*told, std::string(Name(GetParam())) + " " + std::string(Name(second)) + " " +
                           std::string(Name(third)));
    }
  }
}

int CountActiveChildren() { return static_cast<int>(ActiveChildren().size()); }

TEST_P(FamilyTest, Siblings_AreNobodysChildrenInAChild) {
  absl::StatusOr<Process> sibling = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(sibling);
  EXPECT_EQ(*Call(Options(), fn<&CountActiveChildren>), 0);
}

TEST_P(FamilyTest, Sentinel_IsReadyOnceTheChildHasEnded) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  EXPECT_THAT(WaitAny({child->sentinel()}, absl::ZeroDuration()),
              IsError(absl::StatusCode::kDeadlineExceeded, ""));
  ASSERT_OK(child->RequestStop());
  EXPECT_THAT(*WaitAny({child->sentinel()}, kPatience), ElementsAre(0u));
  EXPECT_FALSE(child->IsAlive());
}

TEST_P(FamilyTest, Memory_IsToldWhileTheChildRuns) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  const absl::StatusOr<MemoryUsage> memory = child->Memory();
  ASSERT_OK(memory);
  EXPECT_GT(memory->resident.value_or(0), 0);
  ASSERT_OK(child->Kill());
  ASSERT_OK(child->Join(kPatience));
  EXPECT_THAT(child->Memory(), IsError(absl::StatusCode::kFailedPrecondition, child->name()));
}

TEST_P(FamilyTest, StartFromManyThreads_WorksSideBySide) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const absl::StatusOr<int> seven = Call(Options(), fn<&tests::ExitWith>, 7);
        if (seven.ok() && *seven == 7) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good.load(), 20);
}

TEST(StartMethods, TheDefaultIsAvailableAndComesFirst) {
  EXPECT_EQ(AvailableStartMethods().front(), DefaultStartMethod());
  EXPECT_EQ(Name(StartMethod::kFork), "fork");
  EXPECT_EQ(Name(StartMethod::kSpawn), "spawn");
  EXPECT_EQ(Name(StartMethod::kForkServer), "forkserver");
}

TEST(StartMethods, ForkserverIsTheLastWhereThereIsAFork) {
  EXPECT_EQ(AvailableStartMethods().back() == StartMethod::kForkServer, tests::HasFork());
}

TEST(StartMethods, AMethodThatDoesNotExistHereNamesThoseThatDo) {
  const std::vector<StartMethod> available = AvailableStartMethods();
  if (available.size() == 3) GTEST_SKIP() << "all start methods exist on this system";
  for (StartMethod method : {StartMethod::kFork, StartMethod::kSpawn, StartMethod::kForkServer}) {
    if (std::find(available.begin(), available.end(), method) != available.end()) continue;
    const auto started = Process::Start({.start_method = method}, fn<&tests::ExitWith>, 0);
    EXPECT_THAT(started, IsError(absl::StatusCode::kUnimplemented, "spawn"));
    EXPECT_THAT(started, IsError(absl::StatusCode::kUnimplemented, "no fork"));
  }
}

}  // namespace
}  // namespace progeny
