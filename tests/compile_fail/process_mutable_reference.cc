// expect: progeny: a T& parameter would refer to the child's own copy, so its changes would be lost
#include <vector>

#include "progeny/call.h"
#include "progeny/process.h"

int Sort(std::vector<int>& values);

auto Refused(std::vector<int>& values) { return progeny::Process::Start(progeny::fn<&Sort>, values); }
