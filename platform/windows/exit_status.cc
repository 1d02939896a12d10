#include "platform/exit_status.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/windows/exit_code.h"

namespace progeny::platform {
namespace {

struct NamedCode {
  uint32_t code;
  std::string_view name;
};

constexpr NamedCode kExceptionNames[] = {
    {0x80000001, "guard page violation"},
    {0x80000002, "misaligned data"},
    {0x80000003, "breakpoint"},
    {0x80000004, "single step"},
    {0xC0000005, "access violation"},
    {0xC0000006, "in-page error"},
    {0xC0000008, "invalid handle"},
    {0xC0000017, "no memory"},
    {0xC000001D, "illegal instruction"},
    {0xC0000025, "non-continuable exception"},
    {0xC000008C, "array bounds exceeded"},
    {0xC000008D, "floating-point denormal operand"},
    {0xC000008E, "floating-point division by zero"},
    {0xC000008F, "floating-point inexact result"},
    {0xC0000090, "floating-point invalid operation"},
    {0xC0000091, "floating-point overflow"},
    {0xC0000092, "floating-point stack check"},
    {0xC0000093, "floating-point underflow"},
    {0xC0000094, "integer division by zero"},
    {0xC0000095, "integer overflow"},
    {0xC0000096, "privileged instruction"},
    {0xC00000FD, "stack overflow"},
    {0xC0000135, "DLL not found"},
    {0xC0000139, "entry point not found"},
    {0xC0000142, "DLL initialization failed"},
    {0xC0000194, "possible deadlock"},
    {0xC0000374, "heap corruption"},
    // abort() of a child ends so too, see child_life.cc.
    {0xC0000409, "abort"},
    {0xC0000417, "invalid C runtime parameter"},
    {0xC0000420, "assertion failure"},
    {0xE06D7363, "C++ exception"},
};

bool IsWarningException(uint32_t code) { return code >= 0x80000001 && code <= 0x80000004; }

// Severity "error". Bit 28 is clear in every code that RaiseException can raise, which tells
// exceptions from small negative exit codes: exit(-1) is 0xFFFFFFFF.
bool IsErrorException(uint32_t code) { return (code & 0xD0000000) == 0xC0000000; }

std::string DescribeException(uint32_t code) {
  for (const NamedCode& named : kExceptionNames) {
    if (named.code == code) return absl::StrFormat("%s (0x%08X)", named.name, code);
  }
  return absl::StrFormat("exception (0x%08X)", code);
}

std::string DescribeEndedByUs(uint32_t code) {
  switch (code) {
    case 2:
      return "killed by SIGINT";
    case 9:
      return "killed by SIGKILL";
    case 15:
      return "killed by SIGTERM";
  }
  return absl::StrCat("killed by signal ", code);
}

}  // namespace

ExitInfo ExitInfoFromCode(uint32_t exit_code) {
  using Kind = ExitInfo::Kind;
  if (exit_code == kInterruptedExitCode) return {.kind = Kind::kEndedByUs, .code = 2};
  if (exit_code == kTerminatedExitCode) return {.kind = Kind::kEndedByUs, .code = 15};
  if (exit_code == kKilledExitCode) return {.kind = Kind::kEndedByUs, .code = 9};
  if (IsErrorException(exit_code) || IsWarningException(exit_code)) {
    return {.kind = Kind::kException, .code = exit_code};
  }
  return {.kind = Kind::kExited, .code = exit_code};
}

bool IsCrash(const ExitInfo& info) { return info.kind == ExitInfo::Kind::kException; }

bool IsTermination(const ExitInfo& info) { return info.kind == ExitInfo::Kind::kEndedByUs; }

std::string Describe(const ExitInfo& info) {
  switch (info.kind) {
    case ExitInfo::Kind::kExited:
      return absl::StrCat("exit code ", info.code);
    case ExitInfo::Kind::kException:
      return DescribeException(info.code);
    case ExitInfo::Kind::kEndedByUs:
      return DescribeEndedByUs(info.code);
    case ExitInfo::Kind::kSignalled:
    case ExitInfo::Kind::kUnknown:
      break;
  }
  return "status unknown";
}

}  // namespace progeny::platform
