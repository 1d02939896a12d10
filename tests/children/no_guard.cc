// A program that links progeny and never constructs a guard.
#include "progeny/process.h"

int main() { return progeny::this_process::IsMain() ? 3 : 4; }
