// What a process knows of itself, and what runs at its end.
#include "progeny/this_process.h"

#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using tests::kPatience;

class ThisProcessTest : public tests::EveryMethod {};
PROGENY_FOR_EVERY_METHOD(ThisProcessTest);

TEST(MainProcess, IsNobodysChild) {
  EXPECT_TRUE(this_process::IsMain());
  EXPECT_EQ(this_process::name(), "MainProcess");
  EXPECT_EQ(this_process::parent(), std::nullopt);
  EXPECT_EQ(this_process::start_method(), std::nullopt);
  EXPECT_FALSE(this_process::StopRequested());
  EXPECT_GT(this_process::id(), 0);
}

TEST(MainProcess, HasACpu) { EXPECT_GE(UsableCpus(), 1); }

void Append(const std::string& file, const std::string& text) {
  std::ofstream(tests::FromUtf8(file), std::ios::app | std::ios::binary) << text;
}

int RegisterThree(std::string file) {
  for (std::string name : {"first ", "second ", "third "}) {
    this_process::AtExit([file, name] { Append(file, name); });
  }
  this_process::AtExit([] { throw std::runtime_error("from AtExit: logged, and the others run"); });
  Append(file, "entry ");
  return tests::kDone;
}

TEST_P(ThisProcessTest, AtExit_RunsLastFirstAfterTheEntry) {
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.err = Stdio::Null();
  absl::StatusOr<Process> child = Process::Start(options, fn<&RegisterThree>, folder.File("log"));
  ASSERT_OK(child);
  EXPECT_TRUE(child->Join(kPatience)->ok());
  EXPECT_EQ(tests::ReadFile(folder.File("log")), "entry third second first ");
}

void RegisterAndThrow(std::string file) {
  this_process::AtExit([file] { Append(file, "ran"); });
  throw std::runtime_error("thrown");
}

TEST_P(ThisProcessTest, AtExit_RunsAfterAnExceptionToo) {
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.err = Stdio::Null();
  EXPECT_FALSE(Call(options, fn<&RegisterAndThrow>, folder.File("log")).ok());
  EXPECT_EQ(tests::ReadFile(folder.File("log")), "ran");
}

void RegisterNested(std::string file) {
  this_process::AtExit([file] {
    Append(file, "outer ");
    this_process::AtExit([file] { Append(file, "inner "); });
  });
}

TEST_P(ThisProcessTest, AtExit_MayRegisterMore) {
  const tests::TempDir folder;
  EXPECT_OK(Call(Options(), fn<&RegisterNested>, folder.File("log")));
  EXPECT_EQ(tests::ReadFile(folder.File("log")), "outer inner ");
}

int CallGrandchild(StartMethod method, std::string file) {
  this_process::AtExit([file] { Append(file, this_process::name() == "middle" ? "middle " : "wrong "); });
  return Call({.start_method = method}, fn<&tests::ExitWith>, 0).value_or(tests::kChildFailed);
}

TEST_P(ThisProcessTest, AtExit_OfAParentDoesNotRunInItsChildren) {
  const tests::TempDir folder;
  for (StartMethod inner : AvailableStartMethods()) {
    ProcessOptions options = Options();
    options.name = "middle";
    EXPECT_EQ(*Call(options, fn<&CallGrandchild>, inner, folder.File("log")), tests::kDone);
  }
  std::string once_each;
  for (size_t i = 0; i < AvailableStartMethods().size(); ++i) once_each += "middle ";
  EXPECT_EQ(tests::ReadFile(folder.File("log")), once_each);
}

TEST_P(ThisProcessTest, StopRequested_IsSeenByTheChildItWasMeantFor) {
  absl::StatusOr<Process> asked = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  absl::StatusOr<Process> other = Process::Start(Talking(), fn<&tests::StayUntilStopped>);
  ASSERT_OK(asked);
  ASSERT_OK(other);
  ASSERT_OK(asked->RequestStop());
  EXPECT_TRUE(asked->Join(kPatience)->ok());
  EXPECT_TRUE(other->IsAlive());
  EXPECT_FALSE(this_process::StopRequested()) << "the parent was not asked";
}

}  // namespace
}  // namespace progeny
