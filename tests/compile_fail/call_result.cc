// expect: progeny: this result can't travel back to the parent: return a type that can
#include <string_view>

#include "progeny/call.h"
#include "progeny/process.h"

std::string_view View();

auto Refused() { return progeny::Call(progeny::fn<&View>); }
