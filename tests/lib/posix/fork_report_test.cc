// What ForkSafety() finds: buffers, descriptors and libraries of a POSIX process.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "progeny/fork_safety.h"
#include "support/leak_check.h"
#include "support/sanitizers.h"
#include "support/status.h"
#include "support/temp_dir.h"

namespace progeny {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

class ForkReportTest : public tests::LeakFreeTest {
 protected:
  const tests::TempDir folder_;
};

TEST_F(ForkReportTest, NamesTheStreamsThatHoldOutput) {
  FILE* const file = std::fopen(folder_.File("log").c_str(), "w");
  ASSERT_NE(file, nullptr);
  const std::string name = absl::StrCat("descriptor ", fileno(file));
  std::fputs("half a line", file);
  // Beside a sanitizer's thread only the standard streams are looked at.
  const bool sees_all = ForkSafety().safe();
  if (sees_all) {
    EXPECT_THAT(ForkSafety().unflushed_streams, Contains(name));
    EXPECT_THAT(ForkSafety().ToString(), HasSubstr("flush before"));
  }
  std::fflush(file);
  EXPECT_THAT(ForkSafety().unflushed_streams, Not(Contains(name)));
  std::fclose(file);
}

TEST_F(ForkReportTest, NamesTheDescriptorsThatProgramsWouldInherit) {
  const std::string path = folder_.File("open");
  const int kept = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  const int closed = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(kept, 0);
  ASSERT_GE(closed, 0);
  const ForkSafetyReport report = ForkSafety();
  using Descriptor = ForkSafetyReport::Descriptor;
  EXPECT_THAT(report.kept_over_exec, Contains(Field(&Descriptor::number, kept)));
  EXPECT_THAT(report.kept_over_exec, Contains(Field(&Descriptor::what, HasSubstr("open"))));
  EXPECT_THAT(report.kept_over_exec, Not(Contains(Field(&Descriptor::number, closed))));
  EXPECT_THAT(report.ToString(), HasSubstr("O_CLOEXEC"));
  close(kept);
  close(closed);
}

TEST_F(ForkReportTest, NamesTheRuntimesThatDoNotSurviveAFork) {
  EXPECT_TRUE(ForkSafety().hostile_runtimes.empty()) << ForkSafety().ToString();
  void* const openmp = dlopen("libgomp.so.1", RTLD_NOW | RTLD_LOCAL);
  if (openmp == nullptr) GTEST_SKIP() << "no libgomp on this machine";
  const ForkSafetyReport report = ForkSafety();
  ASSERT_EQ(report.hostile_runtimes.size(), 1u);
  EXPECT_EQ(report.hostile_runtimes[0].name, "OpenMP (GNU)");
  EXPECT_THAT(report.hostile_runtimes[0].path, HasSubstr("libgomp"));
  EXPECT_THAT(report.ToString(), HasSubstr("OpenMP (GNU) is loaded"));
  // It leaves memory behind when it goes, which a leak checker takes for ours.
  if (!tests::kSanitized) dlclose(openmp);
}

}  // namespace
}  // namespace progeny
