// The filter for exceptions that nobody handles runs on the thread that has raised one, on its stack. No
// lock of the loader's may be needed there, so a frame's image is found by VirtualQuery alone, and the
// parent finds out which one that is: the program's place is told, and those that both processes have
// at the same place (the system's) are the same.
//
// Races: another thread crashes too: the first one tells, and the process ends with that one's code or
// the other's, as it would have. The filter that was there before is asked after us and decides.
#include "platform/crash_report.h"

#include <algorithm>

#include "absl/debugging/symbolize.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "platform/exit_status.h"
#include "platform/image.h"
#include "platform/windows/crash_record.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr ULONG kStackForFilter = 32 << 10;
constexpr uint32_t kAborted = 0xC0000409;

std::byte* place = nullptr;
LPTOP_LEVEL_EXCEPTION_FILTER before = nullptr;

uint64_t ImageOf(uint64_t address) {
  MEMORY_BASIC_INFORMATION info;
  if (VirtualQuery(reinterpret_cast<const void*>(address), &info, sizeof info) == 0) return 0;
  return info.Type == MEM_IMAGE ? reinterpret_cast<uint64_t>(info.AllocationBase) : 0;
}

void WalkStack(CONTEXT context, CrashRecord& record) {
  for (uint32_t count = 0; count < kMostFrames && context.Rip != 0; ++count) {
    record.frames[count] = {context.Rip, ImageOf(context.Rip)};
    record.frame_count.store(count + 1);
    DWORD64 image = 0;
    auto* const function = RtlLookupFunctionEntry(context.Rip, &image, nullptr);
    if (function == nullptr) {  // a leaf, or a call to nowhere: the return address is on top
      if (count > 0 || ImageOf(context.Rsp) != 0) return;
      context.Rip = *reinterpret_cast<const DWORD64*>(context.Rsp);
      context.Rsp += sizeof(DWORD64);
      continue;
    }
    void* handler_data = nullptr;
    DWORD64 frame = 0;
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, image, context.Rip, function, &context, &handler_data, &frame,
                     nullptr);
  }
}

bool Begin(CrashRecord& record) {
  uint32_t none = 0;
  return record.state.compare_exchange_strong(none, 1);
}

LONG WINAPI OnException(EXCEPTION_POINTERS* exception) {
  CrashRecord& record = *reinterpret_cast<CrashRecord*>(place);
  const EXCEPTION_RECORD& what = *exception->ExceptionRecord;
  if (Begin(record)) {
    record.code = what.ExceptionCode;
    const bool access = (what.ExceptionCode == EXCEPTION_ACCESS_VIOLATION ||
                         what.ExceptionCode == EXCEPTION_IN_PAGE_ERROR) &&
                        what.NumberParameters >= 2;
    record.has_address = access ? 1 : 0;
    if (access) record.address = what.ExceptionInformation[1];
    WalkStack(*exception->ContextRecord, record);
    record.state.store(2);
  }
  const LONG decision = before != nullptr ? before(exception) : EXCEPTION_CONTINUE_SEARCH;
  if (decision == EXCEPTION_CONTINUE_EXECUTION) record.state.store(0);
  return decision;
}

// "program.exe+0x1234"; the address alone if nobody knows the image.
std::string PlaceOf(const CrashFrame& frame, const CrashRecord& record) {
  std::string path;
  if (frame.image == record.program) {
    path = ProgramPath();
  } else if (frame.image != 0 && ImageOf(frame.image) == frame.image) {
    wchar_t name[MAX_PATH];
    const DWORD size = GetModuleFileNameW(reinterpret_cast<HMODULE>(frame.image), name, MAX_PATH);
    if (size > 0) path = Utf8FromWide(std::wstring_view(name, size));
  }
  if (path.empty()) return absl::StrFormat("%#x", frame.address);
  const size_t slash = path.find_last_of("\\/");
  return absl::StrFormat("%s+%#x", path.substr(slash + 1), frame.address - frame.image);
}

std::string LineFor(const CrashFrame& frame, const CrashRecord& record, bool innermost) {
  const std::string where = PlaceOf(frame, record);
  if (frame.image != record.program) return where;
  static const bool ready = (absl::InitializeSymbolizer(nullptr), true);
  (void)ready;
  const uint64_t own = reinterpret_cast<uint64_t>(GetModuleHandleW(nullptr));
  const uint64_t offset = frame.address - frame.image - (innermost ? 0 : 1);
  char symbol[1024];
  if (!absl::Symbolize(reinterpret_cast<const void*>(own + offset), symbol, sizeof symbol)) return where;
  return absl::StrCat(symbol, " (", where, ")");
}

}  // namespace

void TellAbort() {
  if (place == nullptr) return;
  CrashRecord& record = *reinterpret_cast<CrashRecord*>(place);
  if (!Begin(record)) return;
  record.code = kAborted;
  CONTEXT context;
  RtlCaptureContext(&context);
  WalkStack(context, record);
  record.state.store(2);
}

void PrepareCrashReports() {}

absl::Status ArmCrashReport(const CrashReportPlace& where) {
  place = where.record;
  reinterpret_cast<CrashRecord*>(place)->program = reinterpret_cast<uint64_t>(GetModuleHandleW(nullptr));
  ULONG stack = kStackForFilter;
  SetThreadStackGuarantee(&stack);
  before = SetUnhandledExceptionFilter(&OnException);
  return absl::OkStatus();
}

std::optional<CrashFacts> ReadCrashRecord(
    const std::byte* at, absl::FunctionRef<absl::StatusOr<std::vector<std::byte>>(size_t)>) {
  const CrashRecord& record = *reinterpret_cast<const CrashRecord*>(at);
  if (record.state.load() == 0) return std::nullopt;
  CrashFacts facts;
  facts.what = Describe({ExitInfo::Kind::kException, record.code, false});
  if (record.has_address != 0) facts.address = record.address;
  facts.stack_overflow = record.code == EXCEPTION_STACK_OVERFLOW;
  const size_t count = std::min<size_t>(record.frame_count.load(), kMostFrames);
  for (size_t i = 0; i < count; ++i) facts.stack.push_back(LineFor(record.frames[i], record, i == 0));
  return facts;
}

}  // namespace progeny::platform
