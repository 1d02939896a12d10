#include "children/static_entries.h"

#include "progeny/call.h"

namespace progeny {
namespace {

int Hidden(int x) { return x + 1001; }

}  // namespace

namespace children {

int StaticFunction(int x) { return x + 1000; }

absl::StatusOr<int> CallHiddenOfStaticLibrary(const ProcessOptions& options, int x) {
  return Call(options, fn<&Hidden>, x);
}

}  // namespace children
}  // namespace progeny
