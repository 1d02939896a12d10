#include "children/shared_entries.h"

#include "progeny/call.h"

namespace progeny {
namespace {

int Hidden(int x) { return x + 2001; }

}  // namespace

namespace children {

int SharedFunction(int x) { return x + 2000; }

absl::StatusOr<int> CallHiddenOfSharedLibrary(const ProcessOptions& options, int x) {
  return Call(options, fn<&Hidden>, x);
}

absl::StatusOr<int> CallLambdaOfSharedLibrary(const ProcessOptions& options, int x) {
  return Call(options, [](int y) { return y + 2002; }, x);
}

}  // namespace children
}  // namespace progeny
