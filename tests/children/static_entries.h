// Entries that live in a static library linked to the program.
#ifndef PROGENY_TESTS_CHILDREN_STATIC_ENTRIES_H_
#define PROGENY_TESTS_CHILDREN_STATIC_ENTRIES_H_

#include "absl/status/statusor.h"
#include "progeny/process_options.h"

namespace progeny::children {

int StaticFunction(int x);  // x + 1000
absl::StatusOr<int> CallHiddenOfStaticLibrary(const ProcessOptions& options, int x);  // x + 1001

}  // namespace progeny::children

#endif  // PROGENY_TESTS_CHILDREN_STATIC_ENTRIES_H_
