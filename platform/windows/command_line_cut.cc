// Windows keeps the line in a buffer that GetCommandLineW returns and that other processes read
// through the process parameters, and GetCommandLineA another one; both may be written to. C
// runtimes keep the pointers or a copy of the text, and the arguments they made of it.
#include "platform/windows/command_line_cut.h"

#include <stdlib.h>

#include <cstring>
#include <cwchar>

#include "platform/windows/windows_api.h"

#include <winternl.h>

namespace progeny::platform {
namespace {

template <class Char>
void CutIfAtEnd(Char* text, const std::basic_string<Char>& tail) {
  if (text == nullptr) return;
  const size_t length = std::char_traits<Char>::length(text);
  if (length < tail.size()) return;
  Char* const end = text + length - tail.size();
  if (std::char_traits<Char>::compare(end, tail.data(), tail.size()) == 0) *end = Char{0};
}

void CutProcessParameters() {
  UNICODE_STRING& line = NtCurrentTeb()->ProcessEnvironmentBlock->ProcessParameters->CommandLine;
  line.Length = static_cast<USHORT>(std::wcslen(line.Buffer) * sizeof(wchar_t));
}

// The token is an argument of its own, except behind a parent's line with an open quotation mark:
// there it is the end of the last one.
void CutFromArguments(const std::string& tail, int* argc, char** argv) {
  if (argc == nullptr || argv == nullptr) return;
  const std::string token = tail.substr(1);
  for (int i = *argc - 1; i >= 0; --i) {
    if (argv[i] == nullptr) continue;
    if (token != argv[i]) {
      CutIfAtEnd(argv[i], tail);
      continue;
    }
    for (int next = i; next < *argc; ++next) argv[next] = argv[next + 1];
    --*argc;
  }
}

}  // namespace

void CutFromCommandLine(const std::wstring& tail, int* argc, char** argv) {
  const std::string narrow_tail(tail.begin(), tail.end());
  CutIfAtEnd(GetCommandLineW(), tail);
  CutIfAtEnd(GetCommandLineA(), narrow_tail);
  CutIfAtEnd(_wcmdln, tail);
  CutIfAtEnd(_acmdln, narrow_tail);
  CutProcessParameters();
  CutFromArguments(narrow_tail, argc, argv);
  if (__argv != argv) {
    CutFromArguments(narrow_tail, &__argc, __argv);
  } else if (argc != nullptr) {
    __argc = *argc;
  }
}

}  // namespace progeny::platform
