// The working set is what Windows counts as resident. Whether a page of it is private is asked
// page by page (QueryWorkingSetEx over every committed region), with the right to query the
// process; without that right, or where it isn't implemented for other processes (Wine), only the
// sum is told.
#include "platform/memory_usage.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/handle.h"
#include "platform/host.h"
#include "platform/windows/windows_api.h"

#define PSAPI_VERSION 2  // in kernel32: no library to link
#include <psapi.h>

namespace progeny::platform {
namespace {

constexpr char kOperation[] = "read memory usage of process";

// Counts private resident pages in batches: one question per page would cost a system call each.
class PrivatePages {
 public:
  PrivatePages(HANDLE process, int64_t page_size) : process_(process), page_size_(page_size) {}

  // False when the OS doesn't answer: then there is no count.
  bool AddRegion(const char* begin, size_t bytes) {
    for (const char* page = begin; page < begin + bytes; page += page_size_) {
      batch_[used_].VirtualAddress = const_cast<char*>(page);
      if (++used_ == batch_.size() && !Ask()) return false;
    }
    return true;
  }

  std::optional<int64_t> Bytes() {
    if (used_ > 0 && !Ask()) return std::nullopt;
    return pages_ * page_size_;
  }

 private:
  bool Ask() {
    const DWORD bytes = static_cast<DWORD>(used_ * sizeof batch_[0]);
    if (!QueryWorkingSetEx(process_, batch_.data(), bytes)) return false;
    pages_ += std::count_if(batch_.begin(), batch_.begin() + used_, [](const auto& page) {
      return page.VirtualAttributes.Valid && !page.VirtualAttributes.Shared;
    });
    used_ = 0;
    return true;
  }

  HANDLE process_;
  int64_t page_size_;
  int64_t pages_ = 0;
  size_t used_ = 0;
  std::array<PSAPI_WORKING_SET_EX_INFORMATION, 1024> batch_;
};

std::optional<int64_t> PrivateWorkingSet(HANDLE process) {
  PrivatePages pages(process, PageSize());
  const char* address = nullptr;
  MEMORY_BASIC_INFORMATION region;
  while (VirtualQueryEx(process, address, &region, sizeof region) == sizeof region) {
    const char* const begin = static_cast<const char*>(region.BaseAddress);
    if (region.State == MEM_COMMIT && !pages.AddRegion(begin, region.RegionSize)) {
      return std::nullopt;
    }
    if (begin + region.RegionSize <= address) break;  // the end of the address space
    address = begin + region.RegionSize;
  }
  if (address == nullptr) return std::nullopt;  // not one region was told
  return pages.Bytes();
}

absl::Status Ended(int64_t process_id) {
  return absl::NotFoundError(
      absl::StrCat(kOperation, " ", process_id, ": no such process, or it has ended"));
}

// With the right to look at its pages, else with the right to know its size.
absl::StatusOr<Handle> OpenForQuery(int64_t process_id) {
  const DWORD id = static_cast<DWORD>(process_id);
  for (const DWORD right : {PROCESS_QUERY_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION}) {
    const HANDLE process = OpenProcess(right | SYNCHRONIZE, FALSE, id);
    if (process != nullptr) return Handle(FromHandle(process));
    if (GetLastError() != ERROR_ACCESS_DENIED) break;
  }
  if (GetLastError() == ERROR_INVALID_PARAMETER) return Ended(process_id);
  const absl::Status status = LastOsError(kOperation, absl::StrCat(process_id));
  if (!absl::IsPermissionDenied(status)) return status;
  return WithNextStep(status, "ask as the user it runs as, or as an administrator");
}

}  // namespace

absl::StatusOr<MemoryUsage> GetMemoryUsage(int64_t process_id) {
  if (process_id <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("read memory usage: process id ", process_id, " is not positive"));
  }
  if (process_id > std::numeric_limits<DWORD>::max()) return Ended(process_id);
  absl::StatusOr<Handle> owner = OpenForQuery(process_id);
  if (!owner.ok()) return owner.status();
  const HANDLE process = ToHandle(owner->get());
  // A process object outlives its process while anybody holds a handle; and OpenProcess rounds
  // numbers down to the next multiple of four, to somebody else's.
  if (WaitForSingleObject(process, 0) == WAIT_OBJECT_0) return Ended(process_id);
  if (GetProcessId(process) != static_cast<DWORD>(process_id)) return Ended(process_id);

  PROCESS_MEMORY_COUNTERS counters = {};
  counters.cb = sizeof counters;
  if (!GetProcessMemoryInfo(process, &counters, sizeof counters)) {
    return LastOsError(kOperation, absl::StrCat(process_id));
  }
  MemoryUsage usage;
  usage.resident = static_cast<int64_t>(counters.WorkingSetSize);
  usage.unique = PrivateWorkingSet(GetCurrentProcessId() == static_cast<DWORD>(process_id)
                                       ? GetCurrentProcess()
                                       : process);
  usage.copied = usage.unique;
  if (usage.unique.has_value()) {
    usage.shared = std::max<int64_t>(0, *usage.resident - *usage.unique);
  }
  return usage;
}

absl::StatusOr<SystemMemory> GetSystemMemory() {
  MEMORYSTATUSEX state = {};
  state.dwLength = sizeof state;
  if (!GlobalMemoryStatusEx(&state)) return LastOsError("read the system's memory", "");
  return SystemMemory{.total = static_cast<int64_t>(state.ullTotalPhys),
                      .available = static_cast<int64_t>(state.ullAvailPhys)};
}

}  // namespace progeny::platform
