// CPU quotas read from imitations of what hosts, containers and masked containers show.
#include "platform/linux/cgroup.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace progeny::platform {
namespace {

class FakeRoot {
 public:
  FakeRoot() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cgroup_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~FakeRoot() { std::filesystem::remove_all(path_); }
  void Write(const std::string& name, absl::string_view text) const {
    const std::filesystem::path file = path_ + name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::optional<double> Quota() const { return CgroupCpuQuota(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr char kUnifiedMount[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST(ParseCpuMax, QuotaByPeriod) {
  EXPECT_EQ(ParseCpuMax("150000 100000\n"), 1.5);
  EXPECT_EQ(ParseCpuMax("50000 100000"), 0.5);
  for (const char* none : {"", "\n", "max 100000\n", "max", "100000", "0 100000", "5 0",
                           "-1 100000", "a b", "1 2 3", "99999999999999999999 1"}) {
    EXPECT_FALSE(ParseCpuMax(none).has_value()) << none;
  }
}

TEST(ParseCfsQuota, MinusOneIsNone) {
  EXPECT_EQ(ParseCfsQuota("200000\n", "100000\n"), 2.0);
  EXPECT_FALSE(ParseCfsQuota("-1\n", "100000\n").has_value());
  EXPECT_FALSE(ParseCfsQuota("200000\n", "0\n").has_value());
  EXPECT_FALSE(ParseCfsQuota("", "").has_value());
}

TEST(CgroupCpuQuota, NothingToRead_IsNoQuota) {
  const FakeRoot root;
  EXPECT_FALSE(root.Quota().has_value());
  root.Write("/proc/self/cgroup", "");
  root.Write("/proc/self/mountinfo", "");
  EXPECT_FALSE(root.Quota().has_value());
  root.Write("/proc/self/mountinfo", "31 23\n - \n31 23 0:28 / /x rw - \ngarbage - cgroup2\n");
  EXPECT_FALSE(root.Quota().has_value());
}

TEST(CgroupCpuQuota, Unified_TightestAncestorCounts) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup", "0::/pod/box\n");
  root.Write("/proc/self/mountinfo", kUnifiedMount);
  root.Write("/sys/fs/cgroup/pod/box/cpu.max", "max 100000\n");
  EXPECT_FALSE(root.Quota().has_value());
  root.Write("/sys/fs/cgroup/pod/cpu.max", "300000 100000\n");
  EXPECT_EQ(root.Quota(), 3.0);
  root.Write("/sys/fs/cgroup/pod/box/cpu.max", "400000 100000\n");
  EXPECT_EQ(root.Quota(), 3.0);
  root.Write("/sys/fs/cgroup/pod/box/cpu.max", "20000 100000\n");
  EXPECT_EQ(root.Quota(), 0.2);
}

TEST(CgroupCpuQuota, UnifiedInAContainer_TheMountPointIsOurs) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup", "0::/\n");
  root.Write("/proc/self/mountinfo", kUnifiedMount);
  root.Write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(root.Quota(), 2.0);
}

TEST(CgroupCpuQuota, GroupOutsideOfTheNamespace_LooksAtTheMountPoint) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup", "0::/../other\n");
  root.Write("/proc/self/mountinfo", kUnifiedMount);
  root.Write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  root.Write("/sys/fs/other/cpu.max", "100000 100000\n");
  EXPECT_EQ(root.Quota(), 2.0);
}

TEST(CgroupCpuQuota, V1WithCpuacct_AsDockerBindsIt) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup",
             "9:name=systemd:/\n4:cpu,cpuacct:/docker/abc/sub\n3:cpuset:/\n0::/\n");
  root.Write("/proc/self/mountinfo",
             "40 30 0:32 /docker/abc /sys/fs/cgroup/cpu\\040x rw - cgroup cgroup rw,cpu,cpuacct\n"
             "41 30 0:33 /docker/abc /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
  root.Write("/sys/fs/cgroup/cpu x/cpu.cfs_quota_us", "250000\n");
  root.Write("/sys/fs/cgroup/cpu x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(root.Quota(), 2.5);
  root.Write("/sys/fs/cgroup/cpu x/sub/cpu.cfs_quota_us", "100000\n");
  root.Write("/sys/fs/cgroup/cpu x/sub/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(root.Quota(), 1.0);
}

TEST(CgroupCpuQuota, V1SiblingWithTheSamePrefix_IsNotOurs) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup", "4:cpu:/docker/abcdef\n");
  root.Write("/proc/self/mountinfo", "40 30 0:32 /docker/abc /cg rw - cgroup cgroup rw,cpu\n");
  root.Write("/cgdef/cpu.cfs_quota_us", "100000\n");
  root.Write("/cgdef/cpu.cfs_period_us", "100000\n");
  EXPECT_FALSE(root.Quota().has_value());
}

TEST(CgroupCpuQuota, Hybrid_BothTreesAreRead) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup", "1:cpu:/a\n0::/b\n");
  root.Write("/proc/self/mountinfo",
             "40 30 0:32 / /v1 rw - cgroup cgroup rw,cpu\n41 30 0:33 / /v2 rw - cgroup2 none rw\n");
  root.Write("/v1/a/cpu.cfs_quota_us", "-1\n");
  root.Write("/v1/a/cpu.cfs_period_us", "100000\n");
  EXPECT_FALSE(root.Quota().has_value());
  root.Write("/v1/a/cpu.cfs_quota_us", "700000\n");
  EXPECT_EQ(root.Quota(), 7.0);
  root.Write("/v2/b/cpu.max", "500000 100000\n");
  EXPECT_EQ(root.Quota(), 5.0);
}

TEST(CgroupCpuQuota, MaskedGroupList_LooksAtTheMountPoint) {
  const FakeRoot root;
  root.Write("/proc/self/mountinfo", kUnifiedMount);
  root.Write("/sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(root.Quota(), 1.0);
}

constexpr CgroupFile kMemory = {"memory", "memory.max", "memory.limit_in_bytes"};

TEST(CgroupLimit, Unified_TightestAncestorCounts) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup", "0::/pod/box\n");
  root.Write("/proc/self/mountinfo", kUnifiedMount);
  EXPECT_FALSE(CgroupLimit(root.path(), kMemory).has_value());
  root.Write("/sys/fs/cgroup/pod/box/memory.max", "max\n");
  EXPECT_FALSE(CgroupLimit(root.path(), kMemory).has_value());
  root.Write("/sys/fs/cgroup/pod/memory.max", "1073741824\n");
  EXPECT_EQ(CgroupLimit(root.path(), kMemory), 1073741824);
  root.Write("/sys/fs/cgroup/pod/box/memory.max", "4096\n");
  EXPECT_EQ(CgroupLimit(root.path(), kMemory), 4096);
}

TEST(CgroupLimit, Legacy_HugeIsNone) {
  const FakeRoot root;
  root.Write("/proc/self/cgroup", "5:memory:/box\n4:cpu,cpuacct:/other\n");
  root.Write("/proc/self/mountinfo",
             "33 23 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  root.Write("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(CgroupLimit(root.path(), kMemory).has_value());
  root.Write("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "65536\n");
  EXPECT_EQ(CgroupLimit(root.path(), kMemory), 65536);
}

}  // namespace
}  // namespace progeny::platform
