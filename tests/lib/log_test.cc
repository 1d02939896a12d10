// Where the library itself has something to say.
#include "progeny/log.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"

namespace progeny {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using tests::kPatience;

class LogTest : public tests::EveryMethod {
 protected:
  void TearDown() override {
    Log::SetSink({});
    tests::EveryMethod::TearDown();
  }
};
PROGENY_FOR_EVERY_METHOD(LogTest);

void Throw() { throw std::runtime_error("torn"); }

void SayOnStdout(const Log::Message& message) {
  tests::Say(absl::StrCat(message.severity == Log::Severity::kError ? "error " : "warning ",
                          message.ToString()));
}

TEST_P(LogTest, TheDefault_IsOneLineOnStderrWithNameAndId) {
  ProcessOptions options = Options();
  options.name = "worker-3";
  options.err = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&Throw>);
  ASSERT_OK(child);
  const std::string line = tests::ReadLine(child->err());
  EXPECT_THAT(line, StartsWith(absl::StrCat("progeny: worker-3 (", child->id(), "): ")));
  EXPECT_THAT(line, EndsWith("torn"));
  ASSERT_OK(child->Join(kPatience));
}

TEST_P(LogTest, ASinkOfTheParent_IsAForkedChildsAndNoSpawnedOnes) {
  Log::SetSink(&SayOnStdout);
  ProcessOptions options = Talking();
  options.err = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&Throw>);
  ASSERT_OK(child);
  ASSERT_OK(child->Join(kPatience));
  const bool inherited = GetParam() == StartMethod::kFork;
  const std::string sunk = *child->out()->ReadAll(kPatience);
  const std::string on_stderr = *child->err()->ReadAll(kPatience);
  EXPECT_THAT(inherited ? sunk : on_stderr, HasSubstr("torn"));
  EXPECT_EQ(inherited ? on_stderr : sunk, "");
}

int SetOwnSinkAndThrow() {
  Log::SetSink(&SayOnStdout);
  throw std::runtime_error("torn");
}

TEST_P(LogTest, AChild_MaySetASinkOfItsOwn) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&SetOwnSinkAndThrow>);
  ASSERT_OK(child);
  EXPECT_THAT(tests::ReadLine(child->out()), StartsWith("error progeny: Process-"));
  ASSERT_OK(child->Join(kPatience));
}

TEST(Log, ASinkThatThrowsOrSpeaksItself_DoesNoHarm) {
  int calls = 0;
  Log::SetSink([&](const Log::Message& message) {
    ++calls;
    EXPECT_EQ(message.text, "look");
    EXPECT_EQ(message.process_name, "MainProcess");
    EXPECT_EQ(message.process_id, this_process::id());
    Log::Warning("said by a sink: goes to stderr");
    throw std::runtime_error("sink");
  });
  Log::Warning("look");
  Log::Error(absl::InternalError("look"));
  EXPECT_EQ(calls, 2);
  Log::SetSink({});
}

TEST(Log, ManyThreads_MaySpeakWhileTheSinkIsReplaced) {
  std::atomic<int> heard{0};
  std::vector<std::thread> threads;
  Log::SetSink([&](const Log::Message&) { ++heard; });
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) Log::Warning("x");
    });
  }
  for (int i = 0; i < 100; ++i) Log::SetSink([&](const Log::Message&) { ++heard; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(heard.load(), 400);
  Log::SetSink({});
}

}  // namespace
}  // namespace progeny
