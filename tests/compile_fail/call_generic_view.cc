// expect: progeny: a generic callable takes decayed copies, and this argument is a pointer or a view
#include <string_view>

#include "progeny/call.h"
#include "progeny/process.h"

auto Refused(std::string_view view) {
  return progeny::Call([](auto text) { return text.size(); }, view);
}
