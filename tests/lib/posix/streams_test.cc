// Streams and forks: nothing twice, nothing hung, nothing mistaken for a standard stream.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using tests::kPatience;

class StreamsTest : public tests::EveryMethod {
 protected:
  // Runs `body` in a child of its own, whose streams may be broken: 0 is good.
  template <class Body>
  void RunApart(const ProcessOptions& options, Body body) {
    absl::StatusOr<Process> child = Process::Fork(options, body);
    ASSERT_OK(child);
    const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
    if (!end.ok()) (void)child->Kill();
    ASSERT_OK(end);
    EXPECT_EQ(end->ToString(), "exit code 0") << child->failure();
  }
};
PROGENY_FOR_EVERY_METHOD(StreamsTest);

TEST_P(StreamsTest, BufferedOutputOfTheParent_IsWrittenOnce) {
  const tests::TempDir folder;
  const std::string log = folder.File("out");
  RunApart({.out = Stdio::File(log)}, [&] {
    std::printf("of printf ");
    std::cout << "of cout ";
    for (int i = 0; i < 3; ++i) {
      if (!Call({.start_method = GetParam()}, fn<&tests::ExitWith>, 0).ok()) return tests::kChildFailed;
    }
    std::printf("end");
    return tests::kDone;
  });
  std::string text = tests::ReadFile(log);
  for (const char* part : {"of printf ", "of cout ", "end"}) {
    const size_t at = text.find(part);
    ASSERT_NE(at, std::string::npos) << part;
    text.erase(at, std::string(part).size());
  }
  EXPECT_EQ(text, "");
}

TEST_P(StreamsTest, AThreadThatWaitsInGetchar_DoesNotHoldUpAStart) {
  int input[2];
  ASSERT_EQ(pipe(input), 0);
  const int before = dup(0);
  dup2(input[0], 0);
  std::atomic<bool> reading{false};
  std::thread reader([&] {
    reading = true;
    EXPECT_EQ(std::getchar(), 'x');
  });
  ASSERT_TRUE(tests::WaitUntil([&] { return reading.load(); }));
  for (int i = 0; i < 20; ++i) {
    ProcessOptions options = Options();
    options.in = Stdio::Null();
    EXPECT_EQ(*Call(options, fn<&tests::ExitWith>, i), i);
  }
  EXPECT_EQ(write(input[1], "x", 1), 1);
  reader.join();
  dup2(before, 0);
  for (int fd : {before, input[0], input[1]}) close(fd);
  std::clearerr(stdin);
}

TEST_P(StreamsTest, AThreadThatHoldsStdout_DoesNotHangAnybody) {
  std::atomic<bool> held{false};
  std::atomic<bool> release{false};
  std::thread holder([&] {
    flockfile(stdout);
    held = true;
    while (!release) std::this_thread::yield();
    funlockfile(stdout);
  });
  ASSERT_TRUE(tests::WaitUntil([&] { return held.load(); }));
  Future<int> answer = Async(Options(), fn<&tests::ExitWith>, 3);
  const absl::StatusOr<int> three = answer.Get(kPatience);
  release = true;
  holder.join();
  ASSERT_OK(three);
  EXPECT_EQ(*three, 3);
}

int OpenStreams() {
  int open = 0;
  for (int fd : {0, 1, 2}) open = 2 * open + (fcntl(fd, F_GETFD) >= 0 ? 1 : 0);
  return open;
}

TEST_P(StreamsTest, ClosedStandardStreams_AreNotTakenByOurDescriptors) {
  RunApart({}, [&] {
    for (int fd : {0, 1, 2}) close(fd);
    const absl::StatusOr<int> open = Call({.start_method = GetParam()}, fn<&OpenStreams>);
    if (!open.ok()) return tests::kChildFailed;
    return *open == 0 && OpenStreams() == 0 ? tests::kDone : tests::kWrongValue;
  });
}

TEST_P(StreamsTest, ClosedStandardStreams_CanStillBePipesInTheChild) {
  RunApart({}, [&] {
    for (int fd : {0, 1, 2}) close(fd);
    ProcessOptions options{.start_method = GetParam(), .in = Stdio::Pipe(), .out = Stdio::Pipe()};
    absl::StatusOr<Process> child = Process::Start(options, fn<&tests::StayUntilStopped>);
    if (!child.ok()) return tests::kStartFailed;
    return tests::ReadLine(child->out()) == "ready" ? tests::kDone : tests::kWrongValue;
  });
}

int CountDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

TEST_P(StreamsTest, SpawnedChildren_HaveNoStrayDescriptor) {
  if (forks()) GTEST_SKIP() << "a fork inherits descriptors by design";
  const int alone = *Call(Options(), fn<&CountDescriptors>);
  int stray[2];
  ASSERT_EQ(pipe(stray), 0);  // not close-on-exec
  std::vector<Process> siblings;
  for (int i = 0; i < 3; ++i) {
    ProcessOptions options = Talking();
    options.in = Stdio::Pipe();
    absl::StatusOr<Process> sibling = Process::Start(options, fn<&tests::StayUntilStopped>);
    ASSERT_OK(sibling);
    siblings.push_back(*std::move(sibling));
  }
  EXPECT_EQ(*Call(Options(), fn<&CountDescriptors>), alone);
  for (int fd : stray) close(fd);
}

struct Loud {
  ~Loud() { std::printf("static destructor\n"); }
};

TEST_P(StreamsTest, ForkedChildren_RunNoExitHandlersOfTheirParent) {
  if (!forks()) GTEST_SKIP() << "this is about fork";
  const tests::TempDir folder;
  const std::string log = folder.File("out");
  RunApart({.out = Stdio::File(log)}, [&] {
    std::atexit([] { std::printf("exit handler\n"); });
    static const Loud loud;
    (void)loud;
    return Call({.start_method = StartMethod::kFork}, fn<&tests::ExitWith>, 0).ok() ? tests::kDone
                                                                                  : tests::kChildFailed;
  });
  EXPECT_EQ(tests::ReadFile(log), "");
}

}  // namespace
}  // namespace progeny
