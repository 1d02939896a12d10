#include "support/system_view.h"

#include "platform/windows/windows_api.h"

#include <tlhelp32.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "support/temp_dir.h"

namespace progeny::tests {
namespace {

std::wstring QuotedLine(const std::vector<std::string>& arguments) {
  std::wstring line;
  for (const std::string& argument : arguments) {
    if (!line.empty()) line += L' ';
    line += L'"' + FromUtf8(argument).wstring() + L'"';  // tests pass no quotes
  }
  return line;
}

HANDLE OutputFile(const std::string& path) {
  SECURITY_ATTRIBUTES inheritable{sizeof inheritable, nullptr, TRUE};
  return CreateFileW(FromUtf8(path).c_str(), FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE,
                     &inheritable, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
}

}  // namespace

// Windows names no handle of a process in a documented way, and its libraries open some lazily.
std::vector<std::string> OpenHandles() { return {}; }
std::vector<std::string> SharedMappings() { return {}; }

std::vector<std::string> ChildrenOfThisProcess() {
  std::vector<std::string> children;
  const HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32W entry{};
  entry.dwSize = sizeof entry;
  for (BOOL more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry)) {
    if (entry.th32ParentProcessID != GetCurrentProcessId()) continue;
    if (!IsRunning(entry.th32ProcessID)) continue;
    children.push_back(absl::StrCat(static_cast<int64_t>(entry.th32ProcessID)));
  }
  CloseHandle(all);
  std::sort(children.begin(), children.end());
  return children;
}

bool IsRunning(int64_t process_id) {
  const HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(process_id));
  if (process == nullptr) return false;
  const bool ended = WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
  CloseHandle(process);
  return !ended;
}

void EndProcess(int64_t process_id) {
  const HANDLE process =
      OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, static_cast<DWORD>(process_id));
  if (process == nullptr) return;
  TerminateProcess(process, 9);
  CloseHandle(process);
}

void Crash() {
  RaiseException(EXCEPTION_ACCESS_VIOLATION, EXCEPTION_NONCONTINUABLE, 0, nullptr);
  abort();
}

ProgramRun RunProgram(const std::vector<std::string>& arguments, absl::Duration patience) {
  const TempDir folder;
  const std::string output = folder.File("output");
  STARTUPINFOW startup{};
  startup.cb = sizeof startup;
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdOutput = startup.hStdError = OutputFile(output);
  PROCESS_INFORMATION process{};
  std::wstring line = QuotedLine(arguments);
  ProgramRun run;
  const BOOL started = CreateProcessW(nullptr, line.data(), nullptr, nullptr, TRUE, 0, nullptr,
                                      nullptr, &startup, &process);
  CloseHandle(startup.hStdOutput);
  if (!started) {
    run.output = absl::StrCat("can't be started: error ", GetLastError());
    return run;
  }
  const DWORD limit = static_cast<DWORD>(absl::ToInt64Milliseconds(patience));
  run.finished = WaitForSingleObject(process.hProcess, limit) == WAIT_OBJECT_0;
  if (!run.finished) TerminateProcess(process.hProcess, 9);
  DWORD code = 0;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  CloseHandle(process.hProcess);
  CloseHandle(process.hThread);
  run.exit_code = static_cast<int>(code);
  run.output = ReadFile(output);
  std::erase(run.output, '\r');  // text streams there end a line with two characters
  return run;
}

std::vector<int64_t> ProcessesRunning(const std::string& program) {
  const std::wstring name = FromUtf8(program).filename().wstring();
  std::vector<int64_t> ids;
  const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32W entry{};
  entry.dwSize = sizeof entry;
  for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
    if (name == entry.szExeFile) ids.push_back(entry.th32ProcessID);
  }
  CloseHandle(snapshot);
  return ids;
}

bool UnderWine() {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

}  // namespace progeny::tests
