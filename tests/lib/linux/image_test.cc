// Starting anew the program that runs, whatever has become of its file meanwhile.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "support/leak_check.h"
#include "support/status.h"
#include "support/system_view.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr char kOwnAnswers[] = "answer 1000\nanswer 1001\nanswer 1002\n";

class ImageTest : public tests::LeakFreeTest, public ::testing::WithParamInterface<const char*> {
 protected:
  // A copy of the program, in a path with blanks and letters beyond ASCII.
  std::string Copied(const std::string& program) {
    const std::string copy = folder_.File("a pr\xc3\xb6gram \xe6\xbc\xa2");
    fs::copy_file(program, copy, fs::copy_options::overwrite_existing);
    return copy;
  }
  std::string Output(const std::vector<std::string>& arguments) {
    const tests::ProgramRun run = tests::RunProgram(arguments);
    EXPECT_TRUE(run.finished) << run.output;
    return run.output;
  }

  const tests::TempDir folder_;
};

INSTANTIATE_TEST_SUITE_P(Every, ImageTest, ::testing::Values(PROGENY_PROBES),
                         [](const auto& info) { return fs::path(info.param).filename().string(); });

TEST_P(ImageTest, Untouched_InAPathWithBlanks) {
  const std::string program = Copied(GetParam());
  EXPECT_EQ(Output({program, "nothing"}), kOwnAnswers);
}

TEST_P(ImageTest, RenamedWhileRunning) {
  const std::string program = Copied(GetParam());
  EXPECT_EQ(Output({program, "rename", program}), kOwnAnswers);
  EXPECT_FALSE(fs::exists(program));
}

TEST_P(ImageTest, DeletedWhileRunning) {
  const std::string program = Copied(GetParam());
  EXPECT_EQ(Output({program, "delete", program}), kOwnAnswers);
}

TEST_P(ImageTest, ReplacedByAnotherBuildWhileRunning_StartsTheOneThatRuns) {
  const std::string program = Copied(GetParam());
  EXPECT_EQ(Output({program, "replace", program, PROGENY_CHILD_IMAGE_PROBE_OTHER}), kOwnAnswers);
  EXPECT_EQ(Output({program, "nothing"}), "answer 2000\nanswer 2001\nanswer 2002\n") << "the file is the other's";
}

TEST_P(ImageTest, StartedThroughASymbolicLink) {
  const std::string program = Copied(GetParam());
  const std::string link = folder_.File("link");
  fs::create_symlink(program, link);
  EXPECT_EQ(Output({link, "nothing"}), kOwnAnswers);
  EXPECT_EQ(Output({link, "delete", program}), kOwnAnswers);
}

TEST_P(ImageTest, OtherBuildAsExecutable_IsRefusedBeforeItRunsAnything) {
  const std::string words = Output({GetParam(), "other", PROGENY_CHILD_IMAGE_PROBE_OTHER});
  EXPECT_THAT(words, HasSubstr("answer FAILED_PRECONDITION: "));
  EXPECT_THAT(words, HasSubstr("the parent has build "));
  EXPECT_THAT(words, HasSubstr("this process has build "));
}

TEST_F(ImageTest, StartedByTheDynamicLoader_WorksOrSaysWhyNot) {
  const std::string loader = "/lib64/ld-linux-x86-64.so.2";
  if (!fs::exists(loader)) GTEST_SKIP() << "no " << loader << " here";
  const std::string words = Output({loader, PROGENY_CHILD_IMAGE_PROBE, "nothing"});
  EXPECT_THAT(words, AnyOf(HasSubstr(kOwnAnswers), HasSubstr("a loader or an emulator runs this one")));
}

TEST_F(ImageTest, StartedByRelativePath_OutlivesAChangeOfDirectory) {
  const std::string program = Copied(PROGENY_CHILD_IMAGE_PROBE);
  const std::string command =
      absl::StrCat("cd '", folder_.path(), "' && exec './", fs::path(program).filename().string(), "' nothing");
  EXPECT_EQ(Output({"/bin/sh", "-c", command}), kOwnAnswers);
}

}  // namespace
}  // namespace progeny
