// expect: progeny: this parameter's type can't travel to another process
#include <string_view>
#include <vector>

#include "progeny/call.h"
#include "progeny/process.h"

int Count(std::vector<std::string_view> views);

auto Refused(std::vector<std::string_view> views) { return progeny::Call(progeny::fn<&Count>, views); }
