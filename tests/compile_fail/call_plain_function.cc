// expect: progeny: a function's address means nothing in another process: write progeny::fn<&Foo>
#include "progeny/call.h"
#include "progeny/process.h"

int Answer();

auto Refused() { return progeny::Call(Answer); }
