// expect: progeny: a process entry returns void, int or absl::Status
#include <string>

#include "progeny/process.h"

std::string Text();

auto Refused() { return progeny::Process::Start(progeny::fn<&Text>); }
