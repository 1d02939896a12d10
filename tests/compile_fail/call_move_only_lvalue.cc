// expect: progeny: this argument can only be moved: write std::move.x.
#include <memory>

#include "progeny/call.h"
#include "progeny/process.h"

int Value(std::unique_ptr<int> value);

auto Refused(std::unique_ptr<int> value) { return progeny::Call(progeny::fn<&Value>, value); }
