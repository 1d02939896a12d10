#include "platform/environment.h"

#include <algorithm>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "platform/error.h"
#include "platform/windows/environment_block.h"
#include "platform/windows/utf.h"
#include "platform/windows/windows_api.h"

namespace progeny::platform {
namespace {

// "=C:=C:\dir" is the current directory of drive C:, no variable: the name starts at the mark.
std::wstring_view NameIn(std::wstring_view entry) {
  const size_t equals = entry.find(L'=', 1);
  return entry.substr(0, equals == std::wstring_view::npos ? entry.size() : equals);
}

int CompareNames(std::wstring_view a, std::wstring_view b) {
  return CompareStringOrdinal(a.data(), static_cast<int>(a.size()), b.data(),
                              static_cast<int>(b.size()), TRUE) -
         CSTR_EQUAL;
}

absl::StatusOr<std::vector<std::wstring>> OwnEnvironment() {
  const auto free_block = [](wchar_t* block) { FreeEnvironmentStringsW(block); };
  const std::unique_ptr<wchar_t, decltype(free_block)> block(GetEnvironmentStringsW(), free_block);
  if (block == nullptr) return LastOsError("read the environment", "");
  std::vector<std::wstring> entries;
  for (const wchar_t* entry = block.get(); *entry != L'\0'; entry += entries.back().size() + 1) {
    entries.emplace_back(entry);
  }
  return entries;
}

absl::Status CheckName(const std::string& name) {
  if (!name.empty() && name.find('=') == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("change the environment variable '", name,
                                                 "': a name is not empty and holds no '='"));
}

// Programs that miss it can't load the socket and cryptography libraries, or don't start at all.
bool SurvivesClear(const std::wstring& entry) {
  return entry.starts_with(L'=') || CompareNames(NameIn(entry), L"SystemRoot") == 0;
}

absl::Status Apply(const EnvironmentChange& change, std::vector<std::wstring>& entries) {
  if (change.kind == EnvironmentChange::Kind::kClear) {
    std::erase_if(entries, [](const std::wstring& entry) { return !SurvivesClear(entry); });
    return absl::OkStatus();
  }
  if (absl::Status name = CheckName(change.name); !name.ok()) return name;
  const absl::StatusOr<std::wstring> name = WideFromUtf8(
      change.name, absl::StrCat("the name of environment variable '", change.name, "'"));
  if (!name.ok()) return name.status();
  const absl::StatusOr<std::wstring> value = WideFromUtf8(
      change.value, absl::StrCat("the value of environment variable '", change.name, "'"));
  if (!value.ok()) return value.status();
  std::erase_if(entries, [&name](const std::wstring& entry) {
    return CompareNames(NameIn(entry), *name) == 0;
  });
  if (change.kind == EnvironmentChange::Kind::kSet) entries.push_back(*name + L'=' + *value);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> EnvironmentWith(
    absl::Span<const EnvironmentChange> changes) {
  absl::StatusOr<std::vector<std::wstring>> entries = OwnEnvironment();
  if (!entries.ok()) return entries.status();
  for (const EnvironmentChange& change : changes) {
    if (absl::Status applied = Apply(change, *entries); !applied.ok()) return applied;
  }
  std::vector<std::string> utf8;
  utf8.reserve(entries->size());
  for (const std::wstring& entry : *entries) utf8.push_back(Utf8FromWide(entry));
  return utf8;
}

absl::StatusOr<std::wstring> EnvironmentBlock(const std::vector<std::string>& environment) {
  std::vector<std::wstring> entries;
  entries.reserve(environment.size());
  for (const std::string& entry : environment) {
    absl::StatusOr<std::wstring> wide = WideFromUtf8(entry, "an environment variable");
    if (!wide.ok()) return wide.status();
    if (!wide->empty()) entries.push_back(*std::move(wide));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const std::wstring& a, const std::wstring& b) {
                     return CompareNames(NameIn(a), NameIn(b)) < 0;
                   });
  std::wstring block;
  for (const std::wstring& entry : entries) block.append(entry).push_back(L'\0');
  if (block.empty()) block.push_back(L'\0');
  block.push_back(L'\0');
  return block;
}

}  // namespace progeny::platform
