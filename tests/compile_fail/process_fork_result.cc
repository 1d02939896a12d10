// expect: progeny: a process entry returns void, int or absl::Status
#include "progeny/process.h"

auto Refused() {
  return progeny::Process::Fork([] { return 2.5; });
}
