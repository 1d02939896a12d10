// The child's standard streams: inherited, nothing, files, pipes.
#include "progeny/stdio.h"

#include <cstdio>
#include <iostream>
#include <thread>

#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;

class StdioTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(StdioTest);

int EchoInput() {
  for (int c = std::getchar(); c != EOF; c = std::getchar()) std::putchar(c);
  return tests::kDone;
}

void SayOnBoth(std::string text) {
  std::cout << "out " << text;  // flushed at the end, without our doing
  std::cerr << "err " << text;
}

int ReadOneLetter() { return std::getchar(); }

int PrintMuch(int bytes) {
  const std::string block(1000, 'x');
  for (int written = 0; written < bytes; written += 1000) std::fputs(block.c_str(), stdout);
  return tests::kDone;
}

TEST_P(StdioTest, Pipe_CarriesBothWays) {
  ProcessOptions options = Talking();
  options.in = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&EchoInput>);
  ASSERT_OK(child);
  ASSERT_NE(child->in(), nullptr);
  ASSERT_NE(child->out(), nullptr);
  EXPECT_EQ(child->err(), nullptr) << "it is the parent's";
  ASSERT_OK(child->in()->Write("hello", kPatience));
  child->in()->Close();
  const absl::StatusOr<std::string> text = child->out()->ReadAll(kPatience);
  ASSERT_OK(text);
  EXPECT_EQ(*text, "hello");
  EXPECT_TRUE(child->Join(kPatience)->ok());
}

TEST_P(StdioTest, Pipe_CarriesMoreThanItHolds) {
  absl::StatusOr<Process> child = Process::Start(Talking(), fn<&PrintMuch>, 1'000'000);
  ASSERT_OK(child);
  const absl::StatusOr<std::string> text = child->out()->ReadAll(kPatience);
  ASSERT_OK(text);
  EXPECT_EQ(*text, std::string(1'000'000, 'x'));
}

TEST_P(StdioTest, Pipe_ErrIsApartFromOut) {
  ProcessOptions options = Talking();
  options.err = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&SayOnBoth>, "text");
  ASSERT_OK(child);
  EXPECT_EQ(*child->out()->ReadAll(kPatience), "out text");
  EXPECT_EQ(*child->err()->ReadAll(kPatience), "err text");
}

TEST_P(StdioTest, Read_PastItsTimeoutIsDeadlineExceededAndMayBeRepeated) {
  ProcessOptions options = Talking();
  options.in = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&EchoInput>);
  ASSERT_OK(child);
  char letter = 0;
  EXPECT_THAT(child->out()->Read(absl::MakeSpan(&letter, 1), absl::Milliseconds(5)),
              IsError(absl::StatusCode::kDeadlineExceeded, ""));
  EXPECT_THAT(child->out()->ReadAll(absl::ZeroDuration()),
              IsError(absl::StatusCode::kDeadlineExceeded, ""));
  ASSERT_OK(child->in()->Write("x", kPatience));
  child->in()->Close();
  EXPECT_EQ(*child->out()->Read(absl::MakeSpan(&letter, 1), kPatience), 1u);
  EXPECT_EQ(letter, 'x');
  EXPECT_EQ(*child->out()->Read(absl::MakeSpan(&letter, 1), kPatience), 0u) << "the end";
}

TEST_P(StdioTest, Write_WhenNobodyReadsIsUnavailable) {
  ProcessOptions options = Options();
  options.in = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&tests::ExitWith>, 0);
  ASSERT_OK(child);
  ASSERT_OK(child->Join(kPatience));
  EXPECT_THAT(child->in()->Write("text", kPatience), IsError(absl::StatusCode::kUnavailable, ""));
}

int StayWithoutReading() { return tests::StayUntilStopped(); }

TEST_P(StdioTest, Write_OfMoreThanThePipeHoldsTimesOut) {
  ProcessOptions options = Talking();
  options.in = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&StayWithoutReading>);
  ASSERT_OK(child);
  EXPECT_EQ(tests::ReadLine(child->out()), "ready");
  EXPECT_THAT(child->in()->Write(std::string(8 << 20, 'x'), absl::Milliseconds(20)),
              IsError(absl::StatusCode::kDeadlineExceeded, ""));
}

TEST_P(StdioTest, ClosedStream_IsFailedPrecondition) {
  ProcessOptions options = Talking();
  options.in = Stdio::Pipe();
  absl::StatusOr<Process> child = Process::Start(options, fn<&EchoInput>);
  ASSERT_OK(child);
  child->in()->Close();
  child->in()->Close();
  EXPECT_THAT(child->in()->Write("x"), IsError(absl::StatusCode::kFailedPrecondition, ""));
  child->out()->Close();
  EXPECT_THAT(child->out()->ReadAll(), IsError(absl::StatusCode::kFailedPrecondition, ""));
}

TEST_P(StdioTest, Destructor_DoesNotWaitForAChildThatWaitsForItsInput) {
  ProcessOptions options = Talking();
  options.in = Stdio::Pipe();
  { ASSERT_OK(Process::Start(options, fn<&EchoInput>)); }
  SUCCEED();
}

TEST_P(StdioTest, Null_ReadsNothingAndWritesNowhere) {
  ProcessOptions options = Options();
  options.in = options.out = options.err = Stdio::Null();
  absl::StatusOr<Process> child = Process::Start(options, fn<&ReadOneLetter>);
  ASSERT_OK(child);
  EXPECT_EQ(child->Join(kPatience)->exit_code(), 255) << "EOF is -1";
  absl::StatusOr<Process> talker = Process::Start(options, fn<&SayOnBoth>, "text");
  ASSERT_OK(talker);
  EXPECT_TRUE(talker->Join(kPatience)->ok());
}

TEST_P(StdioTest, File_IsReadTruncatedAndAppendedTo) {
  const tests::TempDir folder;
  tests::WriteFile(folder.File("in \xc3\xa4"), "input");
  tests::WriteFile(folder.File("out"), "much older text");
  ProcessOptions options = Options();
  options.in = Stdio::File(folder.File("in \xc3\xa4"));
  options.out = Stdio::File(folder.File("out"));
  ASSERT_OK(Process::Start(options, fn<&EchoInput>));
  EXPECT_EQ(tests::ReadFile(folder.File("out")), "input");
  options.out = Stdio::File(folder.File("out"), Stdio::kAppend);
  ASSERT_OK(Process::Start(options, fn<&EchoInput>));
  EXPECT_EQ(tests::ReadFile(folder.File("out")), "inputinput");
}

TEST_P(StdioTest, File_ForOutAndErrIsOpenedOnce) {
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.out = options.err = Stdio::File(folder.File("both"));
  ASSERT_OK(Process::Start(options, fn<&SayOnBoth>, "1"));
  const std::string text = tests::ReadFile(folder.File("both"));
  EXPECT_EQ(text.size(), 10u) << "neither overwrote the other: " << text;
}

TEST_P(StdioTest, File_ThatCantBeOpenedIsRefusedByField) {
  const tests::TempDir folder;
  const size_t before = ActiveChildren().size();
  ProcessOptions missing = Options();
  missing.in = Stdio::File(folder.File("missing"));
  EXPECT_THAT(Process::Start(missing, fn<&EchoInput>), IsError(absl::StatusCode::kNotFound, "in:"));
  ProcessOptions unwritable = Options();
  unwritable.err = Stdio::File(folder.File("no such folder/file"));
  EXPECT_THAT(Process::Start(unwritable, fn<&EchoInput>), IsError(absl::StatusCode::kNotFound, "err:"));
  ProcessOptions directory = Options();
  directory.out = Stdio::File(folder.path());
  EXPECT_FALSE(Process::Start(directory, fn<&EchoInput>).ok());
  EXPECT_EQ(ActiveChildren().size(), before);
}

TEST_P(StdioTest, SiblingsDoNotHoldEachOthersPipes) {
  ProcessOptions options = Talking();
  options.in = Stdio::Pipe();
  absl::StatusOr<Process> reader = Process::Start(options, fn<&EchoInput>);
  absl::StatusOr<Process> sibling = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(reader);
  ASSERT_OK(sibling);
  EXPECT_EQ(tests::ReadLine(sibling->out()), "ready");
  reader->in()->Close();
  EXPECT_TRUE(reader->Join(kPatience)->ok()) << "it sees the end of its input";
  EXPECT_TRUE(sibling->IsAlive());
}

TEST_P(StdioTest, Output_FlushedByTheParentAppearsOnce) {
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.out = Stdio::File(folder.File("out"));
  std::cout << "[ this line appears once ]";  // unflushed: the child must not write it too
  ASSERT_OK(Process::Start(options, fn<&EchoInput>));
  std::cout << std::endl;
  EXPECT_EQ(tests::ReadFile(folder.File("out")), "");
}

}  // namespace
}  // namespace progeny
