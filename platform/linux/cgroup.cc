#include "platform/linux/cgroup.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/linux/proc_file.h"

namespace progeny::platform {
namespace {

// What cgroup v1 says for "none": the largest multiple of a page that fits, whatever the page.
constexpr int64_t kNoLegacyLimit = int64_t{1} << 62;

// One tree of control groups that is mounted here.
struct Mount {
  std::string shown;     // the group that appears at the mount point: "/" or "/docker/abc"
  std::string point;     // "/sys/fs/cgroup"
  bool unified = false;  // cgroup v2
};

bool Lists(absl::string_view comma_separated, absl::string_view controller) {
  return absl::c_linear_search(absl::StrSplit(comma_separated, ','), controller);
}

// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string Unescape(absl::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) &&
        is_octal(text[i + 2]) && is_octal(text[i + 3])) {
      plain.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                        (text[i + 3] - '0')));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

// "36 35 98:0 /shown /point rw,noatime shared:1 - cgroup2 source super,options"
std::optional<Mount> ParseMount(absl::string_view line, absl::string_view controller) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(line, absl::MaxSplits(" - ", 1));
  const std::vector<absl::string_view> where = absl::StrSplit(halves.first, ' ');
  const std::vector<absl::string_view> what = absl::StrSplit(halves.second, ' ');
  if (where.size() < 5 || what.empty()) return std::nullopt;
  const bool unified = what[0] == "cgroup2";
  if (!unified && !(what[0] == "cgroup" && what.size() >= 3 && Lists(what[2], controller))) {
    return std::nullopt;
  }
  return Mount{Unescape(where[3]), Unescape(where[4]), unified};
}

// This process's group in the tree: "0::/a/b" (v2) or "7:cpu,cpuacct:/a/b" (v1).
std::optional<std::string> GroupOf(absl::string_view self_cgroup, const Mount& mount,
                                   absl::string_view controller) {
  for (const absl::string_view line : absl::StrSplit(self_cgroup, '\n')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    if (mount.unified ? parts[0] == "0" && parts[1].empty() : Lists(parts[1], controller)) {
      return std::string(parts[2]);
    }
  }
  return std::nullopt;
}

// The group's directory below the mount point, "" for the mount point itself. A group that lies
// outside of what is mounted (another cgroup namespace) leaves only the mount point to look at.
std::string DirectoryBelow(const Mount& mount, absl::string_view group) {
  if (mount.shown != "/" && !absl::ConsumePrefix(&group, mount.shown)) return "";
  // "/docker/abcdef" is not in "/docker/abc".
  if (!group.empty() && group.front() != '/') return "";
  if (absl::StrContains(group, "/..")) return "";
  return group == "/" ? "" : std::string(group);
}

std::optional<double> QuotaOfDirectory(const std::string& directory, const Mount& mount) {
  if (mount.unified) {
    const absl::StatusOr<std::string> max = ReadWholeFile(directory + "/cpu.max");
    return max.ok() ? ParseCpuMax(*max) : std::nullopt;
  }
  const absl::StatusOr<std::string> quota = ReadWholeFile(directory + "/cpu.cfs_quota_us");
  const absl::StatusOr<std::string> period = ReadWholeFile(directory + "/cpu.cfs_period_us");
  return quota.ok() && period.ok() ? ParseCfsQuota(*quota, *period) : std::nullopt;
}

template <class Limit>
std::optional<Limit> Tighter(std::optional<Limit> a, std::optional<Limit> b) {
  if (!a.has_value() || !b.has_value()) return a.has_value() ? a : b;
  return std::min(*a, *b);
}

// The tightest of what `read(directory, mount)` finds from this process's group up to the mount
// point, over all trees that have the controller.
template <class Limit, class Read>
std::optional<Limit> TightestOfTrees(const std::string& root, absl::string_view controller,
                                     Read read) {
  const absl::StatusOr<std::string> groups = ReadWholeFile(root + "/proc/self/cgroup");
  const absl::StatusOr<std::string> mounts = ReadWholeFile(root + "/proc/self/mountinfo");
  if (!mounts.ok()) return std::nullopt;
  std::optional<Limit> tightest;
  for (const absl::string_view line : absl::StrSplit(*mounts, '\n')) {
    const std::optional<Mount> mount = ParseMount(line, controller);
    if (!mount.has_value()) continue;
    std::string below = DirectoryBelow(
        *mount, groups.ok() ? GroupOf(*groups, *mount, controller).value_or("/") : "/");
    for (;;) {
      tightest = Tighter(tightest, read(absl::StrCat(root, mount->point, below), *mount));
      if (below.empty()) break;
      below.resize(below.rfind('/'));
    }
  }
  return tightest;
}

}  // namespace

std::optional<double> ParseCfsQuota(absl::string_view quota, absl::string_view period) {
  int64_t quota_us = 0;
  int64_t period_us = 0;
  if (!absl::SimpleAtoi(quota, &quota_us) || !absl::SimpleAtoi(period, &period_us)) {
    return std::nullopt;
  }
  if (quota_us <= 0 || period_us <= 0) return std::nullopt;
  return static_cast<double>(quota_us) / static_cast<double>(period_us);
}

std::optional<double> ParseCpuMax(absl::string_view text) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::StripAsciiWhitespace(text), ' ', absl::SkipWhitespace());
  if (words.size() != 2) return std::nullopt;
  return ParseCfsQuota(words[0], words[1]);  // "max" is no number: no quota
}

std::optional<double> CgroupCpuQuota(const std::string& root) {
  return TightestOfTrees<double>(root, "cpu", &QuotaOfDirectory);
}

std::optional<int64_t> CgroupLimit(const std::string& root, const CgroupFile& file) {
  const auto read = [&file](const std::string& directory,
                            const Mount& mount) -> std::optional<int64_t> {
    const absl::StatusOr<std::string> text =
        ReadWholeFile(absl::StrCat(directory, "/", mount.unified ? file.unified : file.legacy));
    int64_t limit = 0;
    if (!text.ok() || !absl::SimpleAtoi(*text, &limit)) return std::nullopt;  // "max" is no number
    return limit < kNoLegacyLimit ? std::optional<int64_t>(limit) : std::nullopt;
  };
  return TightestOfTrees<int64_t>(root, file.controller, read);
}

}  // namespace progeny::platform
