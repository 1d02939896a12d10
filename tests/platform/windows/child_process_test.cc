// What only Windows has to get right about a re-executed child: a command line without traces,
// no handle that foreign code could pass on, jobs inside of jobs, interrupts without signals.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "platform/handle.h"
#include "platform/windows/windows_api.h"
#include "progeny/call.h"
#include "progeny/main_guard.h"
#include "progeny/process.h"

namespace progeny {
namespace {

using platform::FromHandle;
using platform::Handle;
using platform::ToHandle;

constexpr absl::Duration kSoon = absl::Seconds(20);

// main's own, which the guard shortens in a child before its work begins.
const int* argument_count = nullptr;
char** argument_values = nullptr;

std::vector<std::string> ArgumentsInChild() {
  std::vector<std::string> all(argument_values, argument_values + *argument_count);
  all.push_back(GetCommandLineA());
  all.insert(all.end(), __argv, __argv + __argc);
  return all;
}

TEST(ChildProcess, CommandLineOfTheChild_IsTheParentsOwn) {
  const absl::StatusOr<std::vector<std::string>> in_child = Call(fn<&ArgumentsInChild>);
  ASSERT_TRUE(in_child.ok()) << in_child.status();
  EXPECT_EQ(*in_child, ArgumentsInChild());
}

TEST(ChildProcess, ArgumentsThatAreOddInEveryWay_ReachTheChildUnchanged) {
  std::wstring program(32768, L'\0');
  program.resize(GetModuleFileNameW(nullptr, program.data(), 32768));
  // The last argument's quotation mark is never closed.
  std::wstring line = L"\"" + program + L"\" --compare-with-child \"\" a\\ \"b \\\"c\" \"open end";
  STARTUPINFOW startup{};
  startup.cb = sizeof(startup);
  PROCESS_INFORMATION created{};
  ASSERT_TRUE(CreateProcessW(program.c_str(), line.data(), nullptr, nullptr, FALSE, 0, nullptr,
                             nullptr, &startup, &created));
  const Handle thread(FromHandle(created.hThread));
  const Handle process(FromHandle(created.hProcess));
  ASSERT_EQ(WaitForSingleObject(created.hProcess, 60000), WAIT_OBJECT_0);
  DWORD exit_code = 1;
  GetExitCodeProcess(created.hProcess, &exit_code);
  EXPECT_EQ(exit_code, 0u);
}

// Handles are small multiples of four.
int CountHandles(DWORD with_flags) {
  int count = 0;
  for (intptr_t value = 4; value < 0x4000; value += 4) {
    DWORD flags = 0;
    if (!GetHandleInformation(ToHandle(value), &flags)) continue;
    if ((flags & with_flags) == with_flags) ++count;
  }
  return count;
}

int InheritableHandlesBesidesStreams() {
  int streams = 0;
  for (DWORD which : {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE}) {
    DWORD flags = 0;
    if (!GetHandleInformation(GetStdHandle(which), &flags)) continue;
    if ((flags & HANDLE_FLAG_INHERIT) != 0) ++streams;
  }
  return CountHandles(HANDLE_FLAG_INHERIT) - streams;
}

TEST(ChildProcess, ForeignGrandchildren_WouldInheritNothingOfOurs) {
  EXPECT_EQ(InheritableHandlesBesidesStreams(), 0);
  const absl::StatusOr<int> in_child = Call(fn<&InheritableHandlesBesidesStreams>);
  ASSERT_TRUE(in_child.ok()) << in_child.status();
  EXPECT_EQ(*in_child, 0);
}

int Nothing() { return 0; }

TEST(ChildProcess, StartAndJoin_LeaveNoHandleBehind) {
  ASSERT_TRUE(Process::Start(fn<&Nothing>)->Join().ok());  // what is made once
  const int before = CountHandles(0);
  for (int i = 0; i < 5; ++i) {
    absl::StatusOr<Process> child = Process::Start(fn<&Nothing>);
    ASSERT_TRUE(child.ok()) << child.status();
    ASSERT_TRUE(child->Join().ok());
  }
  EXPECT_LE(CountHandles(0), before);
}

int64_t StartAndForget() {
  absl::StatusOr<Process> child = Process::Start(fn<&Nothing>);
  return child.ok() ? child->id() : -1;
}

TEST(ChildProcess, ChildOfAChild_RunsInANestedJob) {
  const absl::StatusOr<int64_t> id = Call(fn<&StartAndForget>);
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_GT(*id, 0);
}

void WaitForEver() { Sleep(INFINITE); }

void TellOfAGrandchildAndWait() {
  absl::StatusOr<Process> grandchild = Process::Start(fn<&WaitForEver>);
  printf("%lld\n", grandchild.ok() ? static_cast<long long>(grandchild->id()) : -1LL);
  fflush(stdout);
  Sleep(INFINITE);
}

// TerminateProcess runs nothing in the victim: only the kernel can end the grandchild.
TEST(ChildProcess, KillingAChild_EndsItsChildrenToo) {
  ProcessOptions options;
  options.out = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&TellOfAGrandchildAndWait>);
  ASSERT_TRUE(child.ok()) << child.status();
  std::string told;
  char buffer[64];
  while (told.find('\n') == std::string::npos) {
    const absl::StatusOr<size_t> read = child->out()->Read(absl::MakeSpan(buffer), kSoon);
    ASSERT_TRUE(read.ok() && *read > 0) << read.status();
    told.append(buffer, *read);
  }
  const Handle grandchild(FromHandle(OpenProcess(SYNCHRONIZE, FALSE, std::stoul(told))));
  ASSERT_TRUE(grandchild.valid());
  ASSERT_TRUE(child->Kill().ok());
  EXPECT_EQ(WaitForSingleObject(ToHandle(grandchild.get()), 20000), WAIT_OBJECT_0);
}

volatile std::sig_atomic_t interrupted = 0;

int EndsWhenItsHandlerRan() {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  printf("ready\n");
  fflush(stdout);
  while (interrupted == 0) Sleep(1);
  return 42;
}

int IgnoresInterrupts() {
  std::signal(SIGINT, SIG_IGN);
  printf("ready\n");
  fflush(stdout);
  while (!this_process::StopRequested()) Sleep(1);
  return 43;
}

absl::StatusOr<Process> StartReady(absl::StatusOr<Process> child) {
  char ready[16];
  if (child.ok() && !child->out()->Read(absl::MakeSpan(ready), kSoon).ok()) {
    return absl::UnavailableError("the child said nothing");
  }
  return child;
}

TEST(ChildProcess, InterruptOfAChildWithAHandler_RunsTheHandler) {
  ProcessOptions options;
  options.out = Stdio::Pipe();
  absl::StatusOr<Process> child =
      StartReady(Process::Start(options, fn<&EndsWhenItsHandlerRan>));
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_TRUE(child->Interrupt().ok());
  const absl::StatusOr<ExitStatus> status = child->Join(kSoon);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->ToString(), "exit code 42");
}

TEST(ChildProcess, InterruptOfAChildThatIgnoresIt_ChangesNothing) {
  ProcessOptions options;
  options.out = Stdio::Pipe();
  absl::StatusOr<Process> child = StartReady(Process::Start(options, fn<&IgnoresInterrupts>));
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_TRUE(child->Interrupt().ok());
  EXPECT_EQ(child->Join(absl::Milliseconds(200)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(child->RequestStop().ok());
  EXPECT_EQ(child->Join(kSoon)->ToString(), "exit code 43");
}

void Aborts() { std::abort(); }

TEST(ChildProcess, AbortInAChild_IsACrashAndNoExitCode3) {
  absl::StatusOr<Process> child = Process::Start(fn<&Aborts>);
  ASSERT_TRUE(child.ok()) << child.status();
  const absl::StatusOr<ExitStatus> status = child->Join(kSoon);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_TRUE(status->crashed());
  EXPECT_EQ(status->ToString(), "abort (0xC0000409)");
}

int ReadsToTheEnd() {
  while (getchar() != EOF) {
  }
  return 0;
}

// The end of a pipe shows only when nobody else has inherited its other end.
TEST(ChildProcess, PipesOfChildrenStartedAtOnce_EndWhenTheirOwnChildrenDo) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int round = 0; round < 3; ++round) {
        ProcessOptions options;
        options.in = Stdio::Pipe();
        absl::StatusOr<Process> child = Process::Start(options, fn<&ReadsToTheEnd>);
        ASSERT_TRUE(child.ok()) << child.status();
        child->in()->Close();
        const absl::StatusOr<ExitStatus> status = child->Join(kSoon);
        ASSERT_TRUE(status.ok()) << status.status();
        EXPECT_EQ(status->ToString(), "exit code 0");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

int CompareWithChild() {
  const absl::StatusOr<std::vector<std::string>> in_child = Call(fn<&ArgumentsInChild>);
  return in_child.ok() && *in_child == ArgumentsInChild() ? 0 : 1;
}

}  // namespace
}  // namespace progeny

int main(int argc, char** argv) {
  progeny::argument_count = &argc;
  progeny::argument_values = argv;
  const progeny::MainGuard guard(argc, argv);
  if (argc > 1 && std::strcmp(argv[1], "--compare-with-child") == 0) {
    return progeny::CompareWithChild();
  }
  // GoogleTest takes its flags out of what it is given; the child sees them all.
  std::vector<char*> for_googletest(argv, argv + argc + 1);
  int count = argc;
  testing::InitGoogleTest(&count, for_googletest.data());
  return RUN_ALL_TESTS();
}
