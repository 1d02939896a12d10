#include "platform/windows/utf.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {

absl::StatusOr<std::wstring> WideFromUtf8(std::string_view text, std::string_view what) {
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(what, " holds a NUL character"));
  }
  if (text.empty()) return std::wstring();
  const int size = static_cast<int>(text.size());
  const int needed =
      MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), size, nullptr, 0);
  if (needed <= 0) return absl::InvalidArgumentError(absl::StrCat(what, " is not valid UTF-8"));
  std::wstring wide(static_cast<size_t>(needed), L'\0');
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), size, wide.data(), needed);
  return wide;
}

std::string Utf8FromWide(std::wstring_view text) {
  if (text.empty()) return std::string();
  const int size = static_cast<int>(text.size());
  const int needed =
      WideCharToMultiByte(CP_UTF8, 0, text.data(), size, nullptr, 0, nullptr, nullptr);
  std::string utf8(needed > 0 ? static_cast<size_t>(needed) : 0, '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), size, utf8.data(), needed, nullptr, nullptr);
  return utf8;
}

absl::StatusOr<std::wstring> WidePath(std::string_view path) {
  absl::StatusOr<std::wstring> wide = WideFromUtf8(path, "a path");
  if (!wide.ok() || wide->size() < MAX_PATH || wide->starts_with(L"\\\\?\\")) return wide;
  // The prefix switches off every rewriting of the path, so it has to be absolute and clean first.
  std::wstring full(GetFullPathNameW(wide->c_str(), 0, nullptr, nullptr), L'\0');
  const DWORD length =
      GetFullPathNameW(wide->c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr);
  if (length == 0 || length >= full.size()) return LastOsError("make absolute the path", path);
  full.resize(length);
  if (full.starts_with(L"\\\\")) return L"\\\\?\\UNC" + full.substr(1);
  return L"\\\\?\\" + full;
}

}  // namespace progeny::platform
