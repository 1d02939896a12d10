#include "platform/error.h"

#include <iterator>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

constexpr absl::string_view kPayloadType = "progeny/os_error";

struct Meaning {
  DWORD native;
  absl::StatusCode code;
};

constexpr Meaning kMeanings[] = {
    {ERROR_FILE_NOT_FOUND, absl::StatusCode::kNotFound},
    {ERROR_PATH_NOT_FOUND, absl::StatusCode::kNotFound},
    {ERROR_INVALID_DRIVE, absl::StatusCode::kNotFound},
    {ERROR_BAD_NETPATH, absl::StatusCode::kNotFound},
    {ERROR_BAD_NET_NAME, absl::StatusCode::kNotFound},
    {ERROR_DIRECTORY, absl::StatusCode::kNotFound},
    {ERROR_MOD_NOT_FOUND, absl::StatusCode::kNotFound},
    {ERROR_PROC_NOT_FOUND, absl::StatusCode::kNotFound},
    {ERROR_ACCESS_DENIED, absl::StatusCode::kPermissionDenied},
    {ERROR_PRIVILEGE_NOT_HELD, absl::StatusCode::kPermissionDenied},
    {ERROR_WRITE_PROTECT, absl::StatusCode::kPermissionDenied},
    {ERROR_NOT_ENOUGH_MEMORY, absl::StatusCode::kResourceExhausted},
    {ERROR_OUTOFMEMORY, absl::StatusCode::kResourceExhausted},
    {ERROR_COMMITMENT_LIMIT, absl::StatusCode::kResourceExhausted},
    {ERROR_COMMITMENT_MINIMUM, absl::StatusCode::kResourceExhausted},
    {ERROR_NO_SYSTEM_RESOURCES, absl::StatusCode::kResourceExhausted},
    {ERROR_NOT_ENOUGH_QUOTA, absl::StatusCode::kResourceExhausted},
    {ERROR_WORKING_SET_QUOTA, absl::StatusCode::kResourceExhausted},
    {ERROR_PAGEFILE_QUOTA, absl::StatusCode::kResourceExhausted},
    {ERROR_TOO_MANY_OPEN_FILES, absl::StatusCode::kResourceExhausted},
    {ERROR_NO_MORE_USER_HANDLES, absl::StatusCode::kResourceExhausted},
    {ERROR_MAX_THRDS_REACHED, absl::StatusCode::kResourceExhausted},
    {ERROR_NO_PROC_SLOTS, absl::StatusCode::kResourceExhausted},
    {ERROR_DISK_FULL, absl::StatusCode::kResourceExhausted},
    {ERROR_HANDLE_DISK_FULL, absl::StatusCode::kResourceExhausted},
    {ERROR_FILE_EXISTS, absl::StatusCode::kAlreadyExists},
    {ERROR_ALREADY_EXISTS, absl::StatusCode::kAlreadyExists},
    {ERROR_INVALID_HANDLE, absl::StatusCode::kInvalidArgument},
    {ERROR_INVALID_PARAMETER, absl::StatusCode::kInvalidArgument},
    {ERROR_INVALID_NAME, absl::StatusCode::kInvalidArgument},
    {ERROR_BAD_PATHNAME, absl::StatusCode::kInvalidArgument},
    {ERROR_FILENAME_EXCED_RANGE, absl::StatusCode::kInvalidArgument},
    {ERROR_BAD_EXE_FORMAT, absl::StatusCode::kFailedPrecondition},
    {ERROR_EXE_MACHINE_TYPE_MISMATCH, absl::StatusCode::kFailedPrecondition},
    {ERROR_DLL_INIT_FAILED, absl::StatusCode::kFailedPrecondition},
    {ERROR_NOT_SUPPORTED, absl::StatusCode::kUnimplemented},
    {ERROR_CALL_NOT_IMPLEMENTED, absl::StatusCode::kUnimplemented},
    {ERROR_INVALID_FUNCTION, absl::StatusCode::kUnimplemented},
    {ERROR_SEM_TIMEOUT, absl::StatusCode::kDeadlineExceeded},
    {ERROR_TIMEOUT, absl::StatusCode::kDeadlineExceeded},
    {WAIT_TIMEOUT, absl::StatusCode::kDeadlineExceeded},
    {ERROR_OPERATION_ABORTED, absl::StatusCode::kCancelled},
    {ERROR_BROKEN_PIPE, absl::StatusCode::kUnavailable},
    {ERROR_NO_DATA, absl::StatusCode::kUnavailable},
    {ERROR_PIPE_NOT_CONNECTED, absl::StatusCode::kUnavailable},
    {ERROR_PIPE_BUSY, absl::StatusCode::kUnavailable},
    {ERROR_SHARING_VIOLATION, absl::StatusCode::kUnavailable},
    {ERROR_LOCK_VIOLATION, absl::StatusCode::kUnavailable},
};

absl::StatusCode CodeOf(int64_t native_code) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.native == native_code) return meaning.code;
  }
  return absl::StatusCode::kInternal;
}

// The system's words without the full stop and line end that FormatMessage adds.
std::string WordsFor(int64_t native_code) {
  wchar_t text[512];
  DWORD length =
      FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr,
                     static_cast<DWORD>(native_code), 0, text, std::size(text), nullptr);
  while (length > 0 && (text[length - 1] <= L' ' || text[length - 1] == L'.')) --length;
  if (length == 0) return absl::StrCat("error ", native_code);
  return Utf8FromWide({text, length});
}

}  // namespace

absl::Status OsError(int64_t native_code, absl::string_view operation, absl::string_view subject) {
  const std::string named =
      subject.empty() ? std::string(operation) : absl::StrCat(operation, " '", subject, "'");
  absl::Status status(CodeOf(native_code), absl::StrCat(named, ": ", WordsFor(native_code)));
  status.SetPayload(kPayloadType, absl::Cord(absl::StrCat(native_code)));
  return status;
}

absl::Status LastOsError(absl::string_view operation, absl::string_view subject) {
  return OsError(GetLastError(), operation, subject);
}

std::optional<int64_t> OsErrorCodeOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadType);
  int64_t code = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &code)) return std::nullopt;
  return code;
}

absl::Status WithNextStep(absl::Status status, absl::string_view next_step) {
  if (status.ok()) return status;
  absl::Status longer(status.code(), absl::StrCat(status.message(), "; ", next_step));
  status.ForEachPayload([&longer](absl::string_view type, const absl::Cord& payload) {
    longer.SetPayload(type, payload);
  });
  return longer;
}

}  // namespace progeny::platform
