#include "platform/machine.h"

#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/capabilities.h"
#include "platform/linux/cgroup.h"
#include "platform/linux/pidfd.h"
#include "platform/linux/proc_file.h"
#include "platform/posix/limit_facts.h"

namespace progeny::platform {
namespace {

using Unit = MachineFact::Unit;
using Facts = std::vector<MachineFact>;

// Docker gives containers so much, unless told otherwise.
constexpr int64_t kSmallSharedMemory = int64_t{64} << 20;

std::string FirstLine(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (!text.ok()) return "";
  const std::vector<std::string> lines = absl::StrSplit(*text, absl::MaxSplits('\n', 1));
  return std::string(absl::StripAsciiWhitespace(lines[0]));
}

void AddWords(Facts& facts, MachineFact fact) {
  if (!fact.value.empty()) facts.push_back(std::move(fact));
}

void AddNumber(Facts& facts, MachineFact fact) {
  if (fact.number.has_value()) facts.push_back(std::move(fact));
}

std::optional<int64_t> NumberIn(const std::string& path) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(FirstLine(path), &number)) return std::nullopt;
  return number;
}

// "always [madvise] never" -> "madvise"
std::string Chosen(const std::string& path) {
  const std::string line = FirstLine(path);
  const size_t begin = line.find('[');
  const size_t end = line.find(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return line;
  return line.substr(begin + 1, end - begin - 1);
}

void AddOvercommit(Facts& facts) {
  const std::optional<int64_t> mode = NumberIn("/proc/sys/vm/overcommit_memory");
  if (!mode.has_value()) return;
  MachineFact fact{
      .topic = "memory", .name = "overcommit", .value = "by guess", .number = {}, .warning = ""};
  if (*mode == 1) fact.value = "always granted";
  if (*mode == 2) {
    fact.value = "never";
    fact.warning =
        "what is promised must be there: a fork beside much memory fails, though nothing "
        "would be copied; spawn instead, or vm.overcommit_memory = 0";
  }
  facts.push_back(std::move(fact));
}

void AddSharedMemory(Facts& facts) {
  struct statvfs info {};
  if (statvfs("/dev/shm", &info) != 0) return;
  MachineFact fact{.topic = "memory",
                   .name = "/dev/shm",
                   .value = "",
                   .number = {},
                   .unit = Unit::kBytes,
                   .warning = ""};
  fact.number = static_cast<int64_t>(info.f_blocks) * static_cast<int64_t>(info.f_frsize);
  if (*fact.number <= kSmallSharedMemory) {
    fact.warning =
        "POSIX shared memory of other programs is cut short here; progeny's doesn't live in "
        "it. docker run --shm-size";
  }
  facts.push_back(std::move(fact));
}

void AddMemory(Facts& facts) {
  MachineFact group{.topic = "memory",
                    .name = "cgroup limit",
                    .value = "none",
                    .number = {},
                    .unit = Unit::kBytes,
                    .warning = ""};
  group.number = CgroupLimit("", {"memory", "memory.max", "memory.limit_in_bytes"});
  if (group.number.has_value()) {
    group.value.clear();
    group.warning = "beyond it processes of this group are killed, whatever the machine has left";
  }
  facts.push_back(std::move(group));
  AddOvercommit(facts);
  const std::string huge_pages = "/sys/kernel/mm/transparent_hugepage/";
  MachineFact huge{.topic = "memory",
                   .name = "transparent huge pages",
                   .value = Chosen(huge_pages + "enabled"),
                   .number = {},
                   .warning = ""};
  if (huge.value == "always") {
    huge.warning = "forks are cheaper, but the first write to a shared page copies 2 MiB";
  }
  AddWords(facts, std::move(huge));
  AddWords(facts, {.topic = "memory",
                   .name = "huge pages in shared memory",
                   .value = Chosen(huge_pages + "shmem_enabled"),
                   .number = {},
                   .warning = ""});
  AddSharedMemory(facts);
}

void AddProcesses(Facts& facts) {
  MachineFact group{.topic = "limits",
                    .name = "cgroup pids.max",
                    .value = "none",
                    .number = {},
                    .unit = Unit::kCount,
                    .warning = ""};
  group.number = CgroupLimit("", {"pids", "pids.max", "pids.max"});
  if (group.number.has_value()) {
    group.value.clear();
    group.warning = "processes and threads of this group together; starts fail beyond it";
  }
  facts.push_back(std::move(group));
  AddNumber(facts, {.topic = "limits",
                    .name = "threads-max",
                    .value = "",
                    .number = NumberIn("/proc/sys/kernel/threads-max"),
                    .unit = Unit::kCount,
                    .warning = ""});
  AddNumber(facts, {.topic = "limits",
                    .name = "pid_max",
                    .value = "",
                    .number = NumberIn("/proc/sys/kernel/pid_max"),
                    .unit = Unit::kCount,
                    .warning = ""});
}

// A call that is there refuses arguments that make no sense; one that isn't is ENOSYS, one that a
// sandbox forbids EPERM.
std::string Availability(long result) {
  if (result >= 0) return "yes";
  if (errno == ENOSYS) return "no";
  return errno == EPERM || errno == EACCES ? "forbidden here" : "yes";
}

void AddKernel(Facts& facts) {
  const auto add = [&facts](const char* name, std::string value, const char* if_not) {
    const bool yes = value == "yes";
    facts.push_back({.topic = "kernel",
                     .name = name,
                     .value = std::move(value),
                     .number = {},
                     .warning = yes ? "" : if_not});
  };
  add("pidfd", PidfdsWork() ? "yes" : "no", "children are watched through a pipe instead");
  const long file = syscall(SYS_memfd_create, "progeny-doctor", 1U /* MFD_CLOEXEC */);
  add("memfd", Availability(file), "spawn and shared memory use unlinked files instead");
  if (file >= 0) close(static_cast<int>(file));
  add("clone3", Availability(syscall(SYS_clone3, nullptr, 0)), "");
  add("close_range", Availability(syscall(SYS_close_range, 1U, 0U, 0U)), "");
  add("status after a foreign reaper", Capabilities().status_survives_foreign_reaper ? "yes" : "no",
      "needs Linux 6.15: beside foreign waitpid(-1) a status may be unknown");
  const bool figures = access("/proc/self/smaps_rollup", R_OK) == 0;
  add("memory figures", figures ? "yes" : "resident only",
      "the kernel was built without page monitoring");
  AddWords(facts, {.topic = "kernel",
                   .name = "ptrace scope",
                   .value = FirstLine("/proc/sys/kernel/yama/ptrace_scope"),
                   .number = {},
                   .warning = ""});
}

void AddCpu(Facts& facts) {
  MachineFact quota{
      .topic = "cpu", .name = "cgroup quota", .value = "none", .number = {}, .warning = ""};
  if (const std::optional<double> cpus = CgroupCpuQuota(""); cpus.has_value()) {
    quota.value = absl::StrFormat("%.2f CPUs", *cpus);
    quota.warning = "more workers than that are throttled; UsableCpus() knows";
  }
  facts.push_back(std::move(quota));
  AddNumber(facts, {.topic = "cpu",
                    .name = "online",
                    .value = "",
                    .number = sysconf(_SC_NPROCESSORS_ONLN),
                    .unit = Unit::kCount,
                    .warning = ""});
}

}  // namespace

std::vector<MachineFact> MachineFacts() {
  Facts facts;
  AddMemory(facts);
  AddLimitFacts(facts);
  AddProcesses(facts);
  AddCpu(facts);
  AddKernel(facts);
  return facts;
}

}  // namespace progeny::platform
