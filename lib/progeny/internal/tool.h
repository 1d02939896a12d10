// All that tools/progeny may use of the library's inside, and the one header through which it does.
//
// A library of child processes has no business with screens, signals of its host, or somebody
// else's programs, so none of this is public. The tool needs it on every system, and what differs
// by system lives behind the seam; so the seam's nouns are passed through here. Never installed.
#ifndef PROGENY_INTERNAL_TOOL_H_
#define PROGENY_INTERNAL_TOOL_H_

#include <string>

#include "platform/host.h"
#include "platform/machine.h"
#include "platform/process_table.h"
#include "platform/terminal.h"
#include "platform/user_signals.h"
#include "progeny/internal/foreign_program.h"  // IWYU pragma: export
#include "progeny/internal/json.h"             // IWYU pragma: export
#include "progeny/internal/printable.h"        // IWYU pragma: export
#include "progeny/internal/process_family.h"   // IWYU pragma: export

namespace progeny::internal {

using platform::CommandLineOf;
using platform::GetTerminalSize;
using platform::HasTerminal;
using platform::ListProcesses;
using platform::MachineFact;
using platform::MachineFacts;
using platform::ProcessEntry;
using platform::TerminalScreen;
using platform::TerminalSize;
using platform::UserSignal;
using platform::UserSignals;

inline std::string SystemName() { return platform::OsName(); }

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_TOOL_H_
