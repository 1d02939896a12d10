// Contracts of the seam's small nouns: handle, deadline, environment, exit_status, error, pipe.
#include <algorithm>

#include "gtest/gtest.h"
#include "platform/deadline.h"
#include "platform/environment.h"
#include "platform/error.h"
#include "platform/exit_status.h"
#include "platform/handle.h"
#include "platform/pipe.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny::platform {
namespace {

using HandleTest = tests::LeakFreeTest;
using PipeTest = tests::LeakFreeTest;

TEST_F(HandleTest, Move_LeavesNothingBehind) {
  absl::StatusOr<Handle> null = OpenNullDevice();
  ASSERT_OK(null);
  Handle moved = *std::move(null);
  EXPECT_FALSE(null->valid());
  EXPECT_TRUE(moved.valid());
  EXPECT_GT(moved.get(), 2);
  moved.Reset();
  EXPECT_FALSE(moved.valid());
}

TEST_F(HandleTest, Duplicate_OutlivesTheOriginal) {
  absl::StatusOr<Handle> null = OpenNullDevice();
  ASSERT_OK(null);
  absl::StatusOr<Handle> copy = DuplicateNativeHandle(null->get());
  ASSERT_OK(copy);
  EXPECT_NE(copy->get(), null->get());
  null->Reset();
  EXPECT_TRUE(copy->valid());
}

TEST(DeadlineTest, NegativeAndZero_HavePassed_InfiniteNever) {
  EXPECT_TRUE(Deadline::After(absl::ZeroDuration()).passed());
  EXPECT_TRUE(Deadline::After(-absl::InfiniteDuration()).passed());
  EXPECT_EQ(Deadline::After(-absl::Seconds(1)).RemainingMilliseconds(), 0);
  EXPECT_FALSE(Deadline::Infinite().passed());
  EXPECT_EQ(Deadline::Infinite().RemainingMilliseconds(), -1);
  EXPECT_TRUE(Deadline::After(absl::InfiniteDuration()).infinite());
}

TEST(DeadlineTest, Milliseconds_AreRoundedUp_AndBounded) {
  EXPECT_GT(Deadline::After(absl::Minutes(1)).RemainingMilliseconds(), 0);
  EXPECT_EQ(Deadline::After(absl::Hours(24 * 365)).RemainingMilliseconds(), 1 << 30);
}

TEST(EnvironmentTest, Changes_AreMadeInOrder) {
  using Kind = EnvironmentChange::Kind;
  const std::vector<EnvironmentChange> changes = {{Kind::kSet, "PROGENY_A", "1"},
                                                  {Kind::kSet, "PROGENY_B", ""},
                                                  {Kind::kSet, "PROGENY_A", "2"},
                                                  {Kind::kUnset, "PROGENY_B", ""}};
  absl::StatusOr<std::vector<std::string>> result = EnvironmentWith(changes);
  ASSERT_OK(result);
  EXPECT_EQ(std::count(result->begin(), result->end(), "PROGENY_A=2"), 1);
  EXPECT_EQ(std::count(result->begin(), result->end(), "PROGENY_A=1"), 0);
  EXPECT_EQ(std::count(result->begin(), result->end(), "PROGENY_B="), 0);
}

TEST(EnvironmentTest, NamesThatAreNone_AreInvalid) {
  using Kind = EnvironmentChange::Kind;
  for (const char* name : {"", "a=b"}) {
    const EnvironmentChange change{Kind::kSet, name, "x"};
    EXPECT_THAT(EnvironmentWith({&change, 1}),
                tests::IsError(absl::StatusCode::kInvalidArgument, "environment"));
  }
  const EnvironmentChange nul{Kind::kSet, "A", std::string("x\0y", 3)};
  EXPECT_THAT(EnvironmentWith({&nul, 1}), tests::IsError(absl::StatusCode::kInvalidArgument, "NUL"));
}

TEST(ExitStatusTest, NothingIsBothACrashAndATermination) {
  using Kind = ExitInfo::Kind;
  for (Kind kind : {Kind::kUnknown, Kind::kExited, Kind::kSignalled, Kind::kException, Kind::kEndedByUs}) {
    for (uint32_t code = 0; code < 256; ++code) {
      const ExitInfo info{kind, code, false};
      EXPECT_FALSE(IsCrash(info) && IsTermination(info)) << Describe(info);
    }
  }
  EXPECT_EQ(Describe({Kind::kExited, 3, false}), "exit code 3");
  EXPECT_EQ(Describe(ExitInfo{}), "status unknown");
}

TEST(ErrorTest, Message_NamesOperationAndSubject_AndKeepsTheCode) {
  const absl::Status status = OsError(2, "open for reading", "some/file");
  EXPECT_NE(status.message().find("open for reading 'some/file': "), absl::string_view::npos) << status;
  EXPECT_EQ(OsErrorCodeOf(status), 2);
  const absl::Status longer = WithNextStep(status, "create it");
  EXPECT_NE(longer.message().find("; create it"), absl::string_view::npos);
  EXPECT_EQ(OsErrorCodeOf(longer), 2);
  EXPECT_EQ(OsErrorCodeOf(absl::InternalError("no system's")), std::nullopt);
}

TEST_F(PipeTest, ReadFromNobody_IsTheEnd_WriteToNobodyIsUnavailable) {
  absl::StatusOr<StreamPipe> from = CreateStreamPipe(PipeDirection::kParentReads);
  absl::StatusOr<StreamPipe> to = CreateStreamPipe(PipeDirection::kParentWrites);
  ASSERT_OK(from);
  ASSERT_OK(to);
  from->child.Reset();
  to->child.Reset();
  char byte = 0;
  absl::StatusOr<size_t> got = ReadPipe(from->parent.get(), {&byte, 1}, Deadline::Infinite());
  ASSERT_OK(got);
  EXPECT_EQ(*got, 0U);
  EXPECT_THAT(WritePipe(to->parent.get(), "x", Deadline::Infinite()),
              tests::IsError(absl::StatusCode::kUnavailable, "nobody"));
}

TEST_F(PipeTest, FullOrEmpty_IsDeadlineExceeded) {
  absl::StatusOr<StreamPipe> from = CreateStreamPipe(PipeDirection::kParentReads);
  absl::StatusOr<StreamPipe> to = CreateStreamPipe(PipeDirection::kParentWrites);
  ASSERT_OK(from);
  ASSERT_OK(to);
  char byte = 0;
  EXPECT_THAT(ReadPipe(from->parent.get(), {&byte, 1}, Deadline::After(absl::Milliseconds(5))),
              tests::IsError(absl::StatusCode::kDeadlineExceeded, ""));
  const std::string much(8 << 20, 'x');
  EXPECT_THAT(WritePipe(to->parent.get(), much, Deadline::After(absl::Milliseconds(50))),
              tests::IsError(absl::StatusCode::kDeadlineExceeded, ""));
}

TEST_F(PipeTest, FileThatIsMissing_IsNotFound) {
  const tests::TempDir folder;
  EXPECT_THAT(OpenFile(folder.File("none"), FileUse::kRead),
              tests::IsError(absl::StatusCode::kNotFound, "none"));
}

}  // namespace
}  // namespace progeny::platform
