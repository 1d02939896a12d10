// What runs in the children: they look at a table, do with it what they are told, and hold still
// until the parent has measured them.
#ifndef PROGENY_EXAMPLES_MEMORY_COST_CHILDREN_H_
#define PROGENY_EXAMPLES_MEMORY_COST_CHILDREN_H_

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "progeny/progeny.h"

namespace memory_cost {

using Table = std::vector<int64_t>;
using TableInCow = progeny::Cow<std::pmr::vector<int64_t>>;

enum class Access { kNone, kRead, kWrite, kWriteTenth };

// The table of this process. The parent builds it behind its MainGuard: forked children find it
// here, spawned ones find it empty.
Table& OwnTable();

// The parent's as well: children are passed it.
TableInCow& OwnTableInCow();

// All three speak with the parent over standard output and input:
//   child "running <numbers in the table>"      parent "go"
//   child "done <sum of what was read>"         parent measures, then ends the child
int UseOwnTable(Access access);
int UsePassedTable(Access access, Table table);
int UseTableInCow(Access access, TableInCow table);

}  // namespace memory_cost

#endif  // PROGENY_EXAMPLES_MEMORY_COST_CHILDREN_H_
