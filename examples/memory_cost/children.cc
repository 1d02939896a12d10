#include "children.h"

#include <cstddef>
#include <iostream>
#include <numeric>
#include <string>

namespace memory_cost {
namespace {

// No supported system has smaller pages: a write in each of these is a write in every page.
constexpr size_t kNumbersPerPage = 4096 / sizeof(int64_t);

// `writable` gives the same numbers, and is asked for it only when somebody writes.
template <class Numbers, class Writable>
int64_t Use(const Numbers& numbers, Access access, Writable writable) {
  if (access == Access::kNone) return 0;
  if (access == Access::kRead) return std::accumulate(numbers.begin(), numbers.end(), int64_t{0});
  const size_t step = access == Access::kWriteTenth ? 10 * kNumbersPerPage : kNumbersPerPage;
  int64_t sum = 0;
  Numbers& mine = writable();
  for (size_t i = 0; i < mine.size(); i += step) sum += ++mine[i];
  return sum;
}

template <class Numbers, class Writable>
int HoldStill(const Numbers& numbers, Access access, Writable writable) {
  std::string line;
  std::cout << "running " << numbers.size() << std::endl;
  if (!std::getline(std::cin, line)) return 1;
  std::cout << "done " << Use(numbers, access, writable) << std::endl;
  std::getline(std::cin, line);  // nothing comes: the parent measures, and ends this process
  return 0;
}

int HoldStill(Table& table, Access access) {
  return HoldStill(table, access, [&]() -> Table& { return table; });
}

}  // namespace

Table& OwnTable() {
  static Table table;
  return table;
}

TableInCow& OwnTableInCow() {
  static TableInCow table;
  return table;
}

int UseOwnTable(Access access) { return HoldStill(OwnTable(), access); }

int UsePassedTable(Access access, Table table) { return HoldStill(table, access); }

int UseTableInCow(Access access, TableInCow table) {
  return HoldStill(*table, access, [&]() -> std::pmr::vector<int64_t>& { return *table.Mutable().value(); });
}

}  // namespace memory_cost
