// Contract of platform/launch.h and platform/child_handle.h, over every body that exists here: run
// a second time with --without-process-handles where a fallback does.
#include "platform/launch.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "platform/capabilities.h"
#include "platform/environment.h"
#include "platform/image.h"
#include "platform/pipe.h"
#include "platform/seam_program.h"
#include "platform/wait_set.h"
#include "support/status.h"
#include "support/temp_dir.h"
#include "support/wait_until.h"

namespace progeny::platform {
namespace {

using tests::LaunchRole;
using tests::ReportIn;

Deadline Patience() { return Deadline::After(tests::kPatience); }

class LaunchTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<SharedRegion> slot = SharedRegion::Create(tests::kSlotBytes);
    ASSERT_OK(slot);
    slot_ = *std::move(slot);
    std::printf("process handles: %s\n", Capabilities().process_handles ? "yes" : "no, the fallback");
  }

  // Until the child has taken its hand-over.
  void AwaitReady() {
    ASSERT_TRUE(tests::WaitUntil([&] { return ReportIn(slot_).ready != 0; }));
  }

  SharedRegion slot_;
};

TEST_F(LaunchTest, ExitCode_Arrives_AndStaysTheSame) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kExitSeven, slot_);
  ASSERT_OK(child);
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<ExitInfo> end = child->Wait(Patience());
    ASSERT_OK(end);
    EXPECT_EQ(end->kind, ExitInfo::Kind::kExited);
    EXPECT_EQ(end->code, 7U);
  }
  EXPECT_TRUE(child->ReapIfEnded().has_value());
}

TEST_F(LaunchTest, Payload_OfManyPages_ArrivesWhole) {
  std::string role(tests::kSumPayload);
  uint64_t sum = 0;
  for (size_t i = 0; i < (3U << 20U); ++i) {
    role.push_back(static_cast<char>(i * 7));
    sum += static_cast<unsigned char>(role.back());
  }
  absl::StatusOr<ChildHandle> child = LaunchRole(role, slot_);
  ASSERT_OK(child);
  absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  EXPECT_EQ(Describe(*end), "exit code 0");
  EXPECT_EQ(ReportIn(slot_).value, sum);
}

// Two for the first one, to show that the caller's own stays as it is and may be given twice.
TEST_F(LaunchTest, Attached_ArriveInOrder_AnyNumberOfThem) {
  for (const size_t count : {size_t{1}, size_t{3}, size_t{60}}) {
    std::vector<SharedRegion> regions;
    std::vector<NativeHandle> attached;
    uint64_t expected = 0;
    for (size_t i = 0; i < count; ++i) {
      regions.push_back(*SharedRegion::Create(tests::kSlotBytes));
      ReportIn(regions.back()).value = 1000 + i;
      attached.push_back(regions.back().handle());
      expected += (i + 1) * (1000 + i);
    }
    attached.push_back(regions.front().handle());
    expected += (count + 1) * 1000;
    ReportIn(slot_).value = 0;
    absl::StatusOr<ChildHandle> child = tests::LaunchWithAttached(slot_, attached);
    ASSERT_OK(child);
    absl::StatusOr<ExitInfo> end = child->Wait(Patience());
    ASSERT_OK(end);
    EXPECT_EQ(Describe(*end), "exit code " + std::to_string(count + 1));
    EXPECT_EQ(ReportIn(slot_).value, expected);
    EXPECT_OK(DuplicateNativeHandle(attached.front())) << "the caller's own is still open";
  }
}

TEST_F(LaunchTest, Attached_ThatIsNoHandle_IsAnError_AndNoChildIsLeft) {
  const NativeHandle none = 1 << 20;
  EXPECT_FALSE(tests::LaunchWithAttached(slot_, {&none, 1}).ok());
}

TEST_F(LaunchTest, Tail_WrittenByTheChild_IsReadAfterItsEnd) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kWriteTail, slot_);
  ASSERT_OK(child);
  absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  ASSERT_EQ(Describe(*end), "exit code 0");
  absl::StatusOr<std::vector<std::byte>> tail = slot_.ReadTail(tests::kTailBytes);
  ASSERT_OK(tail);
  size_t wrong = 0;
  for (size_t i = 0; i < tail->size(); ++i) wrong += (*tail)[i] != tests::TailByte(i) ? 1 : 0;
  EXPECT_EQ(wrong, 0U);
}

TEST_F(LaunchTest, Arguments_ShowNoTraceOfTheHandOver) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kCountArguments, slot_);
  ASSERT_OK(child);
  absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  EXPECT_EQ(end->code, testing::internal::GetArgvs().size());
}

TEST_F(LaunchTest, Wait_PastTheDeadline_LeavesTheChildRunning_AndKillEndsIt) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kWaitForever, slot_);
  ASSERT_OK(child);
  AwaitReady();
  EXPECT_THAT(child->Wait(Deadline::After(absl::Milliseconds(20))),
              tests::IsError(absl::StatusCode::kDeadlineExceeded, "running"));
  EXPECT_FALSE(child->ReapIfEnded().has_value());
  EXPECT_OK(child->Kill());
  absl::StatusOr<ExitInfo> end = child->Wait(Patience());
  ASSERT_OK(end);
  EXPECT_TRUE(IsTermination(*end)) << Describe(*end);
  EXPECT_FALSE(IsCrash(*end));
}

TEST_F(LaunchTest, Wait_FromManyThreads_GivesAllTheSameStatus) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kWaitForever, slot_);
  ASSERT_OK(child);
  AwaitReady();
  std::vector<ExitInfo> ends(6);
  std::vector<std::thread> threads;
  for (ExitInfo& end : ends) {
    threads.emplace_back([&end, &child] { end = child->Wait(Patience()).value_or(ExitInfo{}); });
  }
  EXPECT_OK(child->Terminate());
  for (std::thread& thread : threads) thread.join();
  for (const ExitInfo& end : ends) {
    EXPECT_TRUE(IsTermination(end)) << Describe(end);
    EXPECT_EQ(end, ends.front());
  }
}

TEST_F(LaunchTest, Signals_ToAnEndedChild_AreNoError) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kExitSeven, slot_);
  ASSERT_OK(child);
  ASSERT_OK(child->Wait(Patience()));
  EXPECT_OK(child->Interrupt());
  EXPECT_OK(child->Terminate());
  EXPECT_OK(child->Kill());
}

TEST_F(LaunchTest, Sentinel_IsReady_OnlyOnceTheChildHasEnded) {
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kWaitForever, slot_);
  ASSERT_OK(child);
  AwaitReady();
  const NativeHandle sentinel = child->sentinel();
  EXPECT_THAT(WaitForAny({&sentinel, 1}, Deadline::After(absl::ZeroDuration())),
              tests::IsError(absl::StatusCode::kDeadlineExceeded, ""));
  ASSERT_OK(child->Kill());
  EXPECT_OK(WaitForAny({&sentinel, 1}, Patience()));
  ASSERT_OK(child->Wait(Patience()));
}

TEST_F(LaunchTest, Streams_OfTheChild_AreThePipesItWasGiven) {
  absl::StatusOr<StreamPipe> in = CreateStreamPipe(PipeDirection::kParentWrites);
  absl::StatusOr<StreamPipe> out = CreateStreamPipe(PipeDirection::kParentReads);
  ASSERT_OK(in);
  ASSERT_OK(out);
  ProcessSetup setup;
  setup.streams.in = in->child.get();
  setup.streams.out = out->child.get();
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kCopy, slot_, setup);
  ASSERT_OK(child);
  in->child.Reset();
  out->child.Reset();
  ASSERT_OK(WritePipe(in->parent.get(), "there and back", Patience()));
  in->parent.Reset();
  std::string text;
  char buffer[64];
  while (true) {
    absl::StatusOr<size_t> got = ReadPipe(out->parent.get(), absl::MakeSpan(buffer), Patience());
    ASSERT_OK(got);
    if (*got == 0) break;
    text.append(buffer, *got);
  }
  EXPECT_EQ(text, "there and back");
  ASSERT_OK(child->Wait(Patience()));
  // Nobody reads the copier's input any more.
}

TEST_F(LaunchTest, DirectoryAndEnvironment_AreTheChildsOwn) {
  const tests::TempDir folder;
  const EnvironmentChange change{EnvironmentChange::Kind::kSet, "PROGENY_SEAM_TEST", "value = ü"};
  absl::StatusOr<std::vector<std::string>> environment = EnvironmentWith({&change, 1});
  ASSERT_OK(environment);
  absl::StatusOr<StreamPipe> out = CreateStreamPipe(PipeDirection::kParentReads);
  ASSERT_OK(out);
  ProcessSetup setup;
  setup.streams.out = out->child.get();
  setup.environment = &*environment;
  setup.working_directory = folder.path();
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kVariable, slot_, setup);
  ASSERT_OK(child);
  out->child.Reset();
  char buffer[64];
  absl::StatusOr<size_t> got = ReadPipe(out->parent.get(), absl::MakeSpan(buffer), Patience());
  ASSERT_OK(got);
  EXPECT_TRUE(std::string(buffer, *got).starts_with("value = ")) << std::string(buffer, *got);
  ASSERT_OK(child->Wait(Patience()));
}

TEST_F(LaunchTest, MissingExecutable_IsAnError_ThatNamesIt) {
  ImageRequest request;
  request.slot = &slot_;
  request.executable = "no such program anywhere";
  absl::StatusOr<ChildHandle> child = LaunchImage(request);
  EXPECT_THAT(child, tests::IsError(absl::StatusCode::kNotFound, "no such program anywhere"));
}

TEST_F(LaunchTest, MissingDirectory_IsAnError_ThatNamesIt) {
  ProcessSetup setup;
  setup.working_directory = "no such folder anywhere";
  absl::StatusOr<ChildHandle> child = LaunchRole(tests::kExitSeven, slot_, setup);
  ASSERT_FALSE(child.ok());
  EXPECT_NE(child.status().message().find("no such folder anywhere"), absl::string_view::npos)
      << child.status();
}

TEST_F(LaunchTest, Program_GetsItsArguments_AsTheyWere) {
  const tests::TempDir folder;
  const std::string told = folder.File("told");
  const std::vector<std::string> tricky = {"", "a b", "\"quoted\"", "back\\slash\\", "\\\"", "tab\there", "ü"};
  ProgramRequest request;
  request.path = ProgramPath();
  request.arguments = {ProgramPath(), "--tell-arguments", told};
  request.arguments.insert(request.arguments.end(), tricky.begin(), tricky.end());
  absl::StatusOr<StartedProgram> program = LaunchProgram(request);
  ASSERT_OK(program);
  EXPECT_GT(program->id, 0);
  std::string expected;
  for (size_t i = 0; i + 1 < tricky.size(); ++i) expected += tricky[i] + "\n";
  EXPECT_TRUE(tests::WaitUntil([&] { return tests::ReadFile(told).starts_with(expected); }))
      << tests::ReadFile(told);
}

TEST_F(LaunchTest, TakeHandOver_InAProcessThatWasGivenNone_IsAnError) {
  EXPECT_FALSE(HasHandOver());
  EXPECT_THAT(TakeHandOver(nullptr, nullptr, tests::kSlotBytes),
              tests::IsError(absl::StatusCode::kFailedPrecondition, "hand-over"));
}

}  // namespace
}  // namespace progeny::platform
