// expect: this container keeps its elements on the heap, which children do not share; use its std::pmr form
#include <string>
#include <vector>

#include "progeny/cow.h"

struct Table {
  std::vector<std::string> names;
};

absl::StatusOr<progeny::Cow<Table>> MakeTable() {
  return progeny::MakeCow<Table>([](Table&) {});
}
