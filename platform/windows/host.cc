#include "platform/host.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "absl/strings/str_cat.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

template <class Function>
Function* FromNtdll(const char* name) {
  const FARPROC found = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name);
  return reinterpret_cast<Function*>(reinterpret_cast<void*>(found));
}

int AllCpus() { return static_cast<int>(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS)); }

// An affinity mask describes one group of at most 64 CPUs; a process that runs in several groups
// is not confined to any.
int CpusByAffinity() {
  USHORT groups = 0;
  GetProcessGroupAffinity(GetCurrentProcess(), &groups, nullptr);  // only the number is wanted
  if (groups > 1) return AllCpus();
  DWORD_PTR mine = 0;
  DWORD_PTR everybodys = 0;
  if (!GetProcessAffinityMask(GetCurrentProcess(), &mine, &everybodys) || mine == 0) {
    return AllCpus();
  }
  return std::popcount(mine);
}

// The hard cap of this process's job, which is how containers are limited.
std::optional<int> CpusByJob() {
  JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate = {};
  if (!QueryInformationJobObject(nullptr, JobObjectCpuRateControlInformation, &rate, sizeof rate,
                                 nullptr)) {
    return std::nullopt;
  }
  constexpr DWORD kHardCap =
      JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP;
  if ((rate.ControlFlags & kHardCap) != kHardCap) return std::nullopt;
  const int64_t whole_machine = 10000;
  return static_cast<int>((rate.CpuRate * int64_t{AllCpus()} + whole_machine - 1) / whole_machine);
}

}  // namespace

int UsableCpus() {
  int cpus = CpusByAffinity();
  if (const std::optional<int> cap = CpusByJob(); cap.has_value()) cpus = std::min(cpus, *cap);
  return std::max(1, cpus);
}

int64_t PageSize() {
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return info.dwPageSize;
}

std::string OsName() {
  std::string name = "Windows";
  // GetVersionEx tells a program without a manifest of its own the version it was made for.
  OSVERSIONINFOW version = {};
  version.dwOSVersionInfoSize = sizeof version;
  auto* const get_version = FromNtdll<LONG WINAPI(OSVERSIONINFOW*)>("RtlGetVersion");
  if (get_version != nullptr && get_version(&version) == 0) {
    absl::StrAppend(&name, " ", version.dwMajorVersion, ".", version.dwMinorVersion, ".",
                    version.dwBuildNumber);
  }
  auto* const wine_version = FromNtdll<const char*()>("wine_get_version");
  if (wine_version != nullptr) absl::StrAppend(&name, " (Wine ", wine_version(), ")");
  return name;
}

std::optional<absl::Duration> ThreadCpuTime() { return std::nullopt; }

int64_t CurrentProcessId() { return GetCurrentProcessId(); }

}  // namespace progeny::platform
