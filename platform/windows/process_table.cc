#include "platform/process_table.h"

#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/handle.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

#include <tlhelp32.h>

namespace progeny::platform {
namespace {

// 0 for a process that has ended but is still held by somebody, too: *ended then.
uint64_t StartTimeOf(DWORD id, bool* ended) {
  const Handle process(
      FromHandle(OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, id)));
  if (!process.valid()) return 0;
  FILETIME created, exited, kernel, user;
  *ended = WaitForSingleObject(ToHandle(process.get()), 0) == WAIT_OBJECT_0;
  if (!GetProcessTimes(ToHandle(process.get()), &created, &exited, &kernel, &user)) return 0;
  return (uint64_t{created.dwHighDateTime} << 32) | created.dwLowDateTime;
}

}  // namespace

absl::StatusOr<std::vector<ProcessEntry>> ListProcesses() {
  const HANDLE made = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (made == INVALID_HANDLE_VALUE) return LastOsError("list the processes", "");
  const Handle snapshot(FromHandle(made));
  PROCESSENTRY32W found = {};
  found.dwSize = sizeof found;
  std::vector<ProcessEntry> entries;
  for (BOOL more = Process32FirstW(made, &found); more; more = Process32NextW(made, &found)) {
    if (found.th32ProcessID == 0) continue;  // the idle time
    bool ended = false;
    ProcessEntry entry{.id = found.th32ProcessID,
                       .parent_id = found.th32ParentProcessID,
                       .start_time = StartTimeOf(found.th32ProcessID, &ended),
                       .name = Utf8FromWide(found.szExeFile),
                       .resident = std::nullopt};
    if (!ended) entries.push_back(std::move(entry));
  }
  return entries;
}

absl::StatusOr<std::vector<int64_t>> ChildrenOf(int64_t) {
  return absl::UnimplementedError("find children: only the list of all processes tells them here");
}

absl::StatusOr<ProcessEntry> FindProcess(int64_t id) {
  absl::StatusOr<std::vector<ProcessEntry>> entries = ListProcesses();
  if (!entries.ok()) return entries.status();
  for (ProcessEntry& entry : *entries) {
    if (entry.id == id) return std::move(entry);
  }
  return absl::NotFoundError(
      absl::StrCat("find process ", id, ": no such process, or it has ended"));
}

// It lies in the memory of the process itself, for which a wrapper would need more rights than for
// the rest of what it tells.
std::string CommandLineOf(int64_t) { return ""; }

}  // namespace progeny::platform
