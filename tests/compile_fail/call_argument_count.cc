// expect: progeny: the callable takes another number of arguments
#include "progeny/call.h"
#include "progeny/process.h"

int Sum(int a, int b);

auto Refused() { return progeny::Call(progeny::fn<&Sum>, 1); }
