// The server behind StartMethod::kForkServer: what it loads, what becomes of it, and of its children
// when it dies.
#include "progeny/fork_server.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "absl/strings/str_cat.h"
#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using ::testing::HasSubstr;
using tests::IsError;
using tests::kPatience;
using tests::WaitUntil;

const ProcessOptions kFromServer{.start_method = StartMethod::kForkServer};

class ForkServerTest : public tests::LeakFreeTest {
 protected:
  void SetUp() override {
    if (!tests::HasFork()) GTEST_SKIP() << "this system has no fork";
    LeakFreeTest::SetUp();
    ForkServer::Stop();
  }
  void TearDown() override {
    ForkServer::Stop();
    LeakFreeTest::TearDown();
  }
  ProcessOptions Talking() {
    ProcessOptions options = kFromServer;
    options.out = Stdio::Pipe();
    return options;
  }
};

void Append(const std::string& file, const std::string& text) {
  std::FILE* const log = std::fopen(file.c_str(), "ab");
  std::fputs(text.c_str(), log);
  std::fclose(log);
}

// --- what the server loads ----------------------------------------------------------------------

std::string loaded;

struct Load {
  std::string log;
  std::string words;
  void operator()() const {
    Append(log, "loaded\n");
    loaded = words;
  }
};

std::string TellLoaded() { return loaded; }

TEST_F(ForkServerTest, Preload_RunsOnceAndItsChildrenHaveWhatItBuilt) {
  const tests::TempDir folder;
  ASSERT_OK(ForkServer::Start({.preload = Load{folder.File("log"), "a model"}}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*Call(kFromServer, fn<&TellLoaded>), "a model");
  EXPECT_EQ(tests::ReadFile(folder.File("log")), "loaded\n");
  EXPECT_EQ(loaded, "") << "nothing of it happens here";
  EXPECT_EQ(*Call({.start_method = StartMethod::kSpawn}, fn<&TellLoaded>), "");
}

absl::Status NoModel() { return absl::NotFoundError("no model there"); }
void ThrowsInPreload() { throw std::out_of_range("too far"); }
void CrashesInPreload() { tests::Crash(); }
void ExitsInPreload() { std::_Exit(9); }

TEST_F(ForkServerTest, Preload_ThatFails_IsTheStatusOfStart) {
  EXPECT_THAT(ForkServer::Start({.preload = fn<&NoModel>}),
              IsError(absl::StatusCode::kNotFound, "no model there"));
  const absl::Status thrown = ForkServer::Start({.preload = fn<&ThrowsInPreload>});
  ASSERT_TRUE(RemoteErrorOf(thrown).has_value()) << thrown;
  EXPECT_EQ(RemoteErrorOf(thrown)->what, "too far");
  const absl::Status crashed = ForkServer::Start({.preload = fn<&CrashesInPreload>});
  ASSERT_TRUE(ExitStatusOf(crashed).has_value()) << crashed;
  EXPECT_TRUE(ExitStatusOf(crashed)->crashed());
  const absl::Status exited = ForkServer::Start({.preload = fn<&ExitsInPreload>});
  EXPECT_THAT(exited, IsError(absl::StatusCode::kAborted, "exit code 9"));
  EXPECT_FALSE(ForkServer::id().has_value());
  EXPECT_OK(Call(kFromServer, fn<&tests::ExitWith>, 0)) << "and nothing has changed";
}

TEST_F(ForkServerTest, Preload_ForAServerThatRuns_IsRefused) {
  ASSERT_OK(ForkServer::Start());
  EXPECT_OK(ForkServer::Start()) << "which it does already";
  EXPECT_THAT(ForkServer::Start({.preload = [] {}}),
              IsError(absl::StatusCode::kFailedPrecondition, "runs already"));
}

void LeavesAThread() {
  std::thread([] { absl::SleepFor(kPatience); }).detach();
}

TEST_F(ForkServerTest, Preload_ThatLeavesAThread_IsRefused) {
  EXPECT_THAT(ForkServer::Start({.preload = fn<&LeavesAThread>}),
              IsError(absl::StatusCode::kFailedPrecondition, "thread"));
}

void PrintsInPreload() { std::printf("loading "); }
void PrintsInChild() { std::printf("child "); }

TEST_F(ForkServerTest, Preload_ItsBufferedOutputIsWrittenOnce) {
  const tests::TempDir folder;
  const std::string log = folder.File("out");
  absl::StatusOr<Process> client = Process::Fork({.out = Stdio::File(log)}, [&] {
    if (!ForkServer::Start({.preload = fn<&PrintsInPreload>}).ok()) return tests::kStartFailed;
    for (int i = 0; i < 2; ++i) {
      absl::StatusOr<Process> child = Process::Start(kFromServer, fn<&PrintsInChild>);
      if (!child.ok() || !child->Join(kPatience)->ok()) return tests::kChildFailed;
    }
    return tests::kDone;
  });
  ASSERT_OK(client);
  EXPECT_EQ(client->Join(kPatience)->ToString(), "exit code 0");
  EXPECT_EQ(tests::ReadFile(log), "loading child child ");
}

void StartInPreload() {
  if (!Call({.start_method = StartMethod::kSpawn}, fn<&tests::ExitWith>, 0).ok()) std::abort();
  loaded = "by a child of the server";
}

TEST_F(ForkServerTest, Preload_MayHaveChildrenOfItsOwn) {
  ASSERT_OK(ForkServer::Start({.preload = fn<&StartInPreload>}));
  EXPECT_EQ(*Call(kFromServer, fn<&TellLoaded>), "by a child of the server");
}

// --- its death ----------------------------------------------------------------------------------

TEST_F(ForkServerTest, Killed_RunningChildrenGoOnAndTheNextStartBringsUpAnother) {
  const tests::TempDir folder;
  ASSERT_OK(ForkServer::Start({.preload = Load{folder.File("log"), "a model"}}));
  const ProcessId first = *ForkServer::id();
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  tests::EndProcess(first);
  ASSERT_TRUE(WaitUntil([] { return !ForkServer::id().has_value(); }));
  EXPECT_TRUE(child->IsAlive());
  EXPECT_EQ(*Call(kFromServer, fn<&TellLoaded>), "a model") << "whose server has loaded it again";
  EXPECT_NE(ForkServer::id(), first);
  EXPECT_EQ(tests::ReadFile(folder.File("log")), "loaded\nloaded\n");
  EXPECT_OK(child->RequestStop());
  const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
  ASSERT_OK(end);
  EXPECT_TRUE(end->ok() || end->unknown()) << end->ToString();
}

TEST_F(ForkServerTest, KilledWhileItMakesChildren_EachStartHasItsOutcome) {
  ASSERT_OK(ForkServer::Start());
  std::atomic<bool> done{false};
  std::thread killer([&] {
    while (!done) {
      if (const std::optional<ProcessId> id = ForkServer::id()) tests::EndProcess(*id);
      absl::SleepFor(absl::Milliseconds(3));
    }
  });
  int good = 0;
  for (int i = 0; i < 100; ++i) {
    const absl::StatusOr<int> answer = Call(kFromServer, fn<&tests::ExitWith>, i);
    if (answer.ok()) {
      EXPECT_EQ(*answer, i);
      ++good;
    } else {
      EXPECT_TRUE(absl::IsUnavailable(answer.status()) || absl::IsAborted(answer.status())) << answer.status();
    }
  }
  done = true;
  killer.join();
  RecordProperty("good", good);
  EXPECT_OK(Call(kFromServer, fn<&tests::ExitWith>, 0));
}

int DeafChildOfAKilledServer() {
  absl::StatusOr<Process> child = Process::Start(
      {.start_method = StartMethod::kForkServer, .out = Stdio::Pipe()}, fn<&tests::StayUntilEnded>);
  if (!child.ok()) return tests::kStartFailed;
  tests::ReadLine(child->out());
  tests::EndProcess(*ForkServer::id());
  if (!WaitUntil([] { return !ForkServer::id().has_value(); })) return tests::kWrongValue;
  tests::Say(absl::StrCat(child->id()));
  return tests::StayUntilEnded();
}

TEST_F(ForkServerTest, Killed_ItsChildrenStillEndWithTheirParent) {
  absl::StatusOr<Process> middle =
      Process::Start({.start_method = StartMethod::kSpawn, .out = Stdio::Pipe()}, fn<&DeafChildOfAKilledServer>);
  ASSERT_OK(middle);
  const int64_t child = std::atoll(tests::ReadLine(middle->out()).c_str());
  ASSERT_GT(child, 1);
  EXPECT_TRUE(tests::IsRunning(child));
  ASSERT_OK(middle->Kill());
  ASSERT_OK(middle->Join(kPatience));
  EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(child); }, absl::Seconds(1)));
}

int64_t ServerOfAChild() {
  if (ForkServer::id().has_value()) return -1;  // it is the parent's
  if (!ForkServer::Start().ok()) return -2;
  tests::Say(absl::StrCat(*ForkServer::id()));
  return tests::StayUntilEnded();
}
int ServerOfAChildAsExitCode() { return ServerOfAChild() < 0 ? tests::kWrongValue : tests::kDone; }

TEST_F(ForkServerTest, EndsWithItsClient) {
  for (StartMethod method : AvailableStartMethods()) {
    ASSERT_OK(ForkServer::Start());
    absl::StatusOr<Process> middle =
        Process::Start({.start_method = method, .out = Stdio::Pipe()}, fn<&ServerOfAChildAsExitCode>);
    ASSERT_OK(middle);
    const int64_t server = std::atoll(tests::ReadLine(middle->out()).c_str());
    ASSERT_GT(server, 1) << "a child has a server of its own, and none to begin with";
    EXPECT_NE(server, *ForkServer::id());
    EXPECT_TRUE(tests::IsRunning(server));
    ASSERT_OK(middle->Kill());
    ASSERT_OK(middle->Join(kPatience));
    EXPECT_TRUE(WaitUntil([&] { return !tests::IsRunning(server); }, absl::Seconds(1))) << Name(method);
  }
}

TEST_F(ForkServerTest, Stop_LeavesItsChildrenRunning) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  const ProcessId server = *ForkServer::id();
  ForkServer::Stop();
  ForkServer::Stop();
  EXPECT_FALSE(tests::IsRunning(server));
  EXPECT_TRUE(child->IsAlive());
  ASSERT_OK(child->RequestStop());
  EXPECT_OK(child->Join(kPatience));
}

// --- many at once, much to carry ----------------------------------------------------------------

TEST_F(ForkServerTest, ManyThreadsWithoutAServer_BringUpOne) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const absl::StatusOr<int> answer = Call(kFromServer, fn<&tests::ExitWith>, 5);
      if (answer.ok() && *answer == 5) ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good.load(), 8);
}

size_t SizeOf(const std::string& text, const std::string& variable) {
  const char* const value = std::getenv("PROGENY_TEST_LONG");
  return text.size() + (value != nullptr && value == variable ? 1 : 0);
}

TEST_F(ForkServerTest, ArgumentsOfAnySize_ArriveWhole) {
  for (size_t size : {size_t{0}, size_t{1000}, size_t{32} << 10, size_t{33} << 10, size_t{20} << 20}) {
    for (size_t value : {size_t{1}, size_t{40} << 10}) {
      ProcessOptions options = kFromServer;
      options.environment.Set("PROGENY_TEST_LONG", std::string(value, 'v'));
      EXPECT_EQ(*Call(options, fn<&SizeOf>, std::string(size, 'x'), std::string(value, 'v')), size + 1);
    }
  }
}


TEST(ForkServerSystem, WithoutFork_IsUnimplementedAndSaysWhy) {
  if (tests::HasFork()) GTEST_SKIP() << "this system has one";
  EXPECT_THAT(ForkServer::Start(), IsError(absl::StatusCode::kUnimplemented, "no fork"));
  EXPECT_FALSE(ForkServer::id().has_value());
  ForkServer::Stop();
}

}  // namespace
}  // namespace progeny
