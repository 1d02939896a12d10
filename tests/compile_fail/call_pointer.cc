// expect: progeny: a pointer means nothing in another process: pass the value it points to
#include "progeny/call.h"
#include "progeny/process.h"

int Length(const char* text);

auto Refused() { return progeny::Call(progeny::fn<&Length>, "text"); }
