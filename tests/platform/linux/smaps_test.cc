// The parser of smaps text, fed with what kernels, containers and accidents produce, and the two
// promises that only a real second process can show.
#include "platform/linux/smaps.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace progeny::platform {
namespace {

constexpr char kRollup[] =
    "55e9fd464000-7ffe75494000 ---p 00000000 00:00 0                          [rollup]\n"
    "Rss:                1672 kB\n"
    "Pss:                 333 kB\n"
    "Pss_Dirty:           112 kB\n"
    "Shared_Clean:       1520 kB\n"
    "Private_Clean:        40 kB\n"
    "Private_Dirty:       112 kB\n"
    "Swap:                  8 kB\n"
    "SwapPss:               4 kB\n"
    "Locked:                0 kB\n";

MemoryUsage Parse(absl::string_view text) {
  SmapsSum sum;
  sum.Add(text);
  return sum.Usage();
}

// A /proc/<id> of our own making.
class FakeProcess {
 public:
  FakeProcess() {
    std::string pattern = (std::filesystem::temp_directory_path() / "smaps_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~FakeProcess() { std::filesystem::remove_all(path_); }
  void Write(const std::string& name, absl::string_view text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(SmapsSum, Rollup_GivesEveryFigureInBytes) {
  const MemoryUsage usage = Parse(kRollup);
  EXPECT_EQ(usage.resident, 1672 * 1024);
  EXPECT_EQ(usage.proportional, 333 * 1024);
  EXPECT_EQ(usage.unique, 152 * 1024);
  EXPECT_EQ(usage.shared, 1520 * 1024);
  EXPECT_EQ(usage.copied, 112 * 1024);
  EXPECT_EQ(usage.swapped, 4 * 1024);
}

TEST(SmapsSum, PiecesOfAnySize_GiveTheSameFigures) {
  const std::string text = kRollup;
  for (size_t size = 1; size <= text.size(); ++size) {
    SmapsSum sum;
    for (size_t at = 0; at < text.size(); at += size) sum.Add(text.substr(at, size));
    EXPECT_EQ(sum.Usage().resident, 1672 * 1024) << size;
    EXPECT_EQ(sum.Usage().swapped, 4 * 1024) << size;
  }
}

TEST(SmapsSum, SeveralMappings_AreAddedUp) {
  const MemoryUsage usage = Parse(absl::StrCat(kRollup, kRollup));
  EXPECT_EQ(usage.resident, 2 * 1672 * 1024);
  EXPECT_EQ(usage.unique, 2 * 152 * 1024);
}

TEST(SmapsSum, MissingFields_GiveNoFigure) {
  const MemoryUsage usage = Parse("Rss: 10 kB\nPrivate_Dirty: 4 kB\nSwap: 2 kB\n");
  EXPECT_EQ(usage.resident, 10 * 1024);
  EXPECT_EQ(usage.copied, 4 * 1024);
  EXPECT_EQ(usage.swapped, 2 * 1024);
  EXPECT_FALSE(usage.proportional.has_value());
  EXPECT_FALSE(usage.unique.has_value());
  EXPECT_FALSE(usage.shared.has_value());
}

TEST(SmapsSum, MalformedValues_GiveNoFigureRatherThanHalfASum) {
  for (const char* value : {"", "x kB", "-4 kB", "4", "4 MB", "9223372036854775807 kB", "1 2 kB"}) {
    const MemoryUsage usage = Parse(absl::StrCat("Rss: 8 kB\nRss: ", value, "\nPss: 1 kB\n"));
    EXPECT_FALSE(usage.resident.has_value()) << value;
    EXPECT_EQ(usage.proportional, 1024) << value;
  }
}

TEST(SmapsSum, SumPast63Bits_GivesNoFigure) {
  const std::string most = absl::StrCat("Rss: ", (int64_t{1} << 53) - 1, " kB\n");
  EXPECT_TRUE(Parse(most).resident.has_value());
  EXPECT_FALSE(Parse(most + most).resident.has_value());
}

TEST(SmapsSum, LongFileNames_AreNoField) {
  const std::string mapping =
      absl::StrCat("7f00-7f01 r--p 00000000 fe:00 1 /", std::string(5000, 'a'), "\\012Rss: 1 kB\n");
  EXPECT_EQ(Parse(mapping + "Rss: 3 kB\n").resident, 3 * 1024);
  SmapsSum sum;
  for (const char c : mapping + "Rss: 3 kB\n") sum.Add(absl::string_view(&c, 1));
  EXPECT_EQ(sum.Usage().resident, 3 * 1024);
}

TEST(ReadMemoryUsage, WithoutRollup_UsesSmaps) {
  const FakeProcess process;
  process.Write("smaps", "a-b r--p 0 0:0 0 /x\nRss: 4 kB\nc-d rw-p 0 0:0 0\nRss: 8 kB\n");
  process.Write("stat", "9 (x) S 1");
  const absl::StatusOr<MemoryUsage> usage = ReadMemoryUsage(process.path(), 9);
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->resident, 12 * 1024);
}

TEST(ReadMemoryUsage, MaskedFiles_LeaveWhatStatmTells) {
  const FakeProcess process;
  process.Write("smaps_rollup", "");
  process.Write("smaps", "");
  process.Write("stat", "9 (x) S 1");
  process.Write("statm", "100 7 3 1 0 20 0\n");
  const absl::StatusOr<MemoryUsage> usage = ReadMemoryUsage(process.path(), 9);
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->resident, 7 * sysconf(_SC_PAGESIZE));
  EXPECT_FALSE(usage->unique.has_value());
}

TEST(ReadMemoryUsage, Zombie_IsNotFoundWhateverItsName) {
  const FakeProcess process;
  process.Write("smaps_rollup", "");
  process.Write("smaps", "");
  process.Write("stat", "4711 (evil) S 1 (x) Z 1 2 3");
  process.Write("statm", "5 5 5 0 0 0 0\n");
  const absl::Status status = ReadMemoryUsage(process.path(), 4711).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "4711")) << status;
}

TEST(ReadMemoryUsage, AChildThatIsAZombie_IsNotFound) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_GT(child, 0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const absl::Status as_zombie = GetMemoryUsage(child).status();
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(absl::IsNotFound(as_zombie)) << as_zombie;
  EXPECT_TRUE(absl::IsNotFound(GetMemoryUsage(child).status()));
}

TEST(ReadMemoryUsage, AnotherUsersProcess_IsPermissionDeniedWithTheNextStep) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else in a child";
  constexpr int kDenied = 3;
  constexpr int kOther = 4;
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(kOther);
    const absl::Status status = GetMemoryUsage(getppid()).status();
    const bool denied = absl::IsPermissionDenied(status) &&
                        absl::StrContains(status.message(), absl::StrCat(getppid())) &&
                        absl::StrContains(status.message(), "CAP_SYS_PTRACE");
    _exit(denied ? kDenied : kOther);
  }
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kDenied);
}

// The question behind the whole header: do children copy the parent?
TEST(ReadMemoryUsage, AForkedChild_SharesATableUntilItWrites) {
  constexpr size_t kBytes = size_t{64} << 20;
  constexpr int64_t kMost = kBytes / 10 * 9;
  // Volatile: a compiler may leave out memory that nobody looks at, the allocation included.
  const std::unique_ptr<volatile char[]> table(new volatile char[kBytes]);
  for (size_t at = 0; at < kBytes; at += 4096) table[at] = 'x';
  enum Code { kGood = 0, kCopiedUnwritten = 3, kNotShared = 4, kNotCopied = 5, kNoFigures = 6 };
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<MemoryUsage> before = GetMemoryUsage(getpid());
    for (size_t at = 0; at < kBytes; at += 4096) table[at] = 'y';
    const absl::StatusOr<MemoryUsage> after = GetMemoryUsage(getpid());
    if (!before.ok() || !after.ok() || !before->copied || !after->copied) _exit(kNoFigures);
    if (*before->copied > kMost) _exit(kCopiedUnwritten);
    if (*before->resident < kMost || *before->shared < kMost) _exit(kNotShared);
    _exit(*after->copied - *before->copied > kMost ? kGood : kNotCopied);
  }
  ASSERT_GT(child, 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kGood);
}

TEST(ParseMeminfo, ReadsTotalAndAvailableInBytes) {
  const absl::StatusOr<SystemMemory> memory =
      ParseMeminfo("MemTotal:  24684084 kB\nMemFree: 23512960 kB\nMemAvailable:   24302548 kB\n");
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->total, int64_t{24684084} * 1024);
  EXPECT_EQ(memory->available, int64_t{24302548} * 1024);
}

TEST(ParseMeminfo, WithoutAField_NamesIt) {
  const absl::Status old_kernel = ParseMeminfo("MemTotal: 10 kB\nMemFree: 5 kB\n").status();
  EXPECT_TRUE(absl::StrContains(old_kernel.message(), "MemAvailable")) << old_kernel;
  EXPECT_TRUE(absl::StrContains(ParseMeminfo("").status().message(), "MemTotal"));
  EXPECT_FALSE(ParseMeminfo("MemTotal: 10 kB\nMemAvailable: x kB\n").ok());
}

}  // namespace
}  // namespace progeny::platform
