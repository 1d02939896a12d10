// expect: progeny: a generic callable takes decayed copies, and this argument is a pointer or a view
#include "progeny/call.h"
#include "progeny/process.h"

auto Refused() {
  return progeny::Call([](auto text) { return text != nullptr; }, "text");
}
