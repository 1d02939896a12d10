// expect: progeny: this argument does not convert to the callable's parameter
#include <string>

#include "progeny/call.h"
#include "progeny/process.h"

int Length(std::string text);

auto Refused() { return progeny::Call(progeny::fn<&Length>, 3.5); }
