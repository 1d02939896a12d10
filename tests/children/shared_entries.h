// Entries that live in a shared library linked to the program; it has a copy of progeny of its own
// where progeny is a static library.
#ifndef PROGENY_TESTS_CHILDREN_SHARED_ENTRIES_H_
#define PROGENY_TESTS_CHILDREN_SHARED_ENTRIES_H_

#include "absl/status/statusor.h"
#include "progeny/process_options.h"

namespace progeny::children {

int SharedFunction(int x);  // x + 2000
absl::StatusOr<int> CallHiddenOfSharedLibrary(const ProcessOptions& options, int x);  // x + 2001
absl::StatusOr<int> CallLambdaOfSharedLibrary(const ProcessOptions& options, int x);  // x + 2002

}  // namespace progeny::children

#endif  // PROGENY_TESTS_CHILDREN_SHARED_ENTRIES_H_
