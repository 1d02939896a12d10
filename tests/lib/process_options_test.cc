// Every option does what it says, and one that makes no sense is an answer before any child exists.
#include "progeny/process_options.h"

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "progeny/call.h"
#include "progeny/process.h"
#include "support/entries.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using tests::IsError;
using tests::kPatience;

class OptionsTest : public tests::EveryMethod {
 protected:
  // What Start says; a child that is there after all is an error of its own.
  absl::Status StartStatus(const ProcessOptions& options) {
    const size_t before = ActiveChildren().size();
    absl::Status status = Process::Start(options, fn<&tests::ExitWith>, 0).status();
    EXPECT_EQ(ActiveChildren().size(), before);
    return status;
  }
};
PROGENY_FOR_EVERY_METHOD(OptionsTest);

std::optional<std::string> Variable(std::string name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

TEST_P(OptionsTest, Environment_ChangesAreMadeInTheirOrder) {
  ProcessOptions options = Options();
  options.environment.Set("PROGENY_A", "1").Set("PROGENY_B", "x=y").Unset("PROGENY_A");
  EXPECT_EQ(*Call(options, fn<&Variable>, "PROGENY_A"), std::nullopt);
  EXPECT_EQ(*Call(options, fn<&Variable>, "PROGENY_B"), "x=y");
  EXPECT_NE(*Call(options, fn<&Variable>, "PATH"), std::nullopt) << "the rest is inherited";
  EXPECT_EQ(Variable("PROGENY_B"), std::nullopt) << "the parent's own is untouched";
}

TEST_P(OptionsTest, Environment_ClearForgetsTheParents) {
  ProcessOptions options = Options();
  options.environment.Set("PROGENY_A", "before").Clear().Set("PROGENY_B", "after");
  EXPECT_EQ(*Call(options, fn<&Variable>, "PATH"), std::nullopt);
  EXPECT_EQ(*Call(options, fn<&Variable>, "PROGENY_A"), std::nullopt);
  EXPECT_EQ(*Call(options, fn<&Variable>, "PROGENY_B"), "after");
}

TEST_P(OptionsTest, Environment_BadNamesAreRefused) {
  for (const std::string& name : {std::string(), std::string("a=b"), std::string("a\0b", 3)}) {
    ProcessOptions options = Options();
    options.environment.Set(name, "value");
    EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kInvalidArgument, ""));
  }
}

std::string WorkingDirectory() { return tests::Utf8(std::filesystem::current_path()); }

TEST_P(OptionsTest, WorkingDirectory_IsTheChilds) {
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.working_directory = folder.path();
  const std::string before = WorkingDirectory();
  const absl::StatusOr<std::string> there = Call(options, fn<&WorkingDirectory>);
  ASSERT_OK(there);
  EXPECT_TRUE(std::filesystem::equivalent(tests::FromUtf8(*there), tests::FromUtf8(folder.path())));
  EXPECT_EQ(WorkingDirectory(), before);
}

TEST_P(OptionsTest, WorkingDirectory_UnknownOrAFileIsRefused) {
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.working_directory = folder.File("missing");
  EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kNotFound, "working_directory"));
  tests::WriteFile(folder.File("file"), "text");
  options.working_directory = folder.File("file");
  EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kInvalidArgument, "working_directory"));
}

TEST_P(OptionsTest, Grace_NegativeIsRefused) {
  ProcessOptions options = Options();
  options.grace = absl::Seconds(-1);
  EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kInvalidArgument, "grace"));
}

TEST_P(OptionsTest, Text_WithNulIsRefused) {
  const std::string with_nul("a\0b", 3);
  for (std::string ProcessOptions::*field : {&ProcessOptions::name, &ProcessOptions::working_directory}) {
    ProcessOptions options = Options();
    options.*field = with_nul;
    EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kInvalidArgument, "NUL"));
  }
}

TEST_P(OptionsTest, Limits_NegativeIsRefusedByName) {
  ProcessOptions options = Options();
  options.limits.cpu_seconds = -1;
  EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kInvalidArgument, "limits.cpu_seconds"));
}

int AllocateMuch() {
  constexpr size_t kBytes = size_t{512} << 20;
  void* const volatile memory = std::malloc(kBytes);
  const bool got = memory != nullptr;
  std::free(memory);
  return got ? tests::kWrongValue : tests::kDone;
}

TEST_P(OptionsTest, Limits_AddressSpaceHoldsInTheChildOnly) {
  if (tests::kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes of addresses";
  if (tests::UnderWine()) GTEST_SKIP() << "Wine takes the limits of a job but does not enforce them";
  ProcessOptions options = Options();
  options.limits.address_space = int64_t{400} << 20;
  absl::StatusOr<Process> child = Process::Start(options, fn<&AllocateMuch>);
  if (child.status().code() == absl::StatusCode::kUnimplemented) GTEST_SKIP() << child.status();
  ASSERT_OK(child);
  const absl::StatusOr<ExitStatus> end = child->Join(kPatience);
  ASSERT_OK(end);
  EXPECT_TRUE(end->ok()) << end->ToString() << " " << child->failure();
  EXPECT_EQ(AllocateMuch(), tests::kWrongValue) << "the parent is not limited";
}

TEST_P(OptionsTest, Executable_WithForkIsRefused) {
  if (!forks()) GTEST_SKIP() << "this is about fork";
  ProcessOptions options = Options();
  options.executable = "/bin/true";
  EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kInvalidArgument, "executable"));
}

TEST_P(OptionsTest, Executable_MissingOrNoProgramIsRefused) {
  if (forks()) GTEST_SKIP() << "fork takes no executable";
  const tests::TempDir folder;
  ProcessOptions options = Options();
  options.executable = folder.File("missing.exe");
  EXPECT_THAT(StartStatus(options), IsError(absl::StatusCode::kNotFound, "missing.exe"));
  options.executable = folder.File("text.exe");
  tests::WriteFile(options.executable, "this is no program\n");
  EXPECT_FALSE(StartStatus(options).ok());
}

}  // namespace
}  // namespace progeny
