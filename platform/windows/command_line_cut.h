// Cutting the end off this process's own command line, wherever it is kept.
#ifndef PROGENY_PLATFORM_WINDOWS_COMMAND_LINE_CUT_H_
#define PROGENY_PLATFORM_WINDOWS_COMMAND_LINE_CUT_H_

#include <string>

namespace progeny::platform {

// Removes `tail`, which has to be ASCII and includes the blank before it, from the end of
// GetCommandLineW and GetCommandLineA, from the process parameters that other processes read, from
// the C runtime's copies and from `argc`/`argv` (which may be null). The runtime's wide arguments
// (wmain) keep a copy.
void CutFromCommandLine(const std::wstring& tail, int* argc, char** argv);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_COMMAND_LINE_CUT_H_
