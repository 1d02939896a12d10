#include "platform/windows/command_line.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace progeny::platform {
namespace {

bool NeedsQuotes(const std::wstring& argument) {
  return argument.empty() || argument.find_first_of(L" \t\n\v\"") != std::wstring::npos;
}

// Backslashes are ordinary characters except in front of a quotation mark, where each must be
// doubled, as must be those in front of the closing one; a quotation mark is escaped by one more.
void AppendQuoted(const std::wstring& argument, std::wstring& line) {
  line += L'"';
  size_t backslashes = 0;
  for (const wchar_t c : argument) {
    if (c == L'\\') {
      ++backslashes;
      continue;
    }
    line.append(c == L'"' ? 2 * backslashes + 1 : backslashes, L'\\');
    backslashes = 0;
    line += c;
  }
  line.append(2 * backslashes, L'\\');
  line += L'"';
}

}  // namespace

absl::StatusOr<std::wstring> CommandLineFrom(absl::Span<const std::wstring> arguments) {
  std::wstring line;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::wstring& argument = arguments[i];
    if (i == 0) {
      // In the program's name a backslash never escapes: everything up to the next mark counts.
      if (argument.find(L'"') != std::wstring::npos) {
        return absl::InvalidArgumentError(
            "make a command line: argument 0 holds a quotation mark, which Windows can't express");
      }
      line.append(L"\"").append(argument).append(L"\"");
      continue;
    }
    line += L' ';
    if (NeedsQuotes(argument)) {
      AppendQuoted(argument, line);
    } else {
      line += argument;
    }
  }
  if (line.size() >= kLongestCommandLine) {
    return absl::InvalidArgumentError(
        absl::StrCat("make a command line: ", line.size(), " characters are more than Windows' ",
                     kLongestCommandLine - 1, "; hand the data over by a file or a pipe"));
  }
  return line;
}

}  // namespace progeny::platform
