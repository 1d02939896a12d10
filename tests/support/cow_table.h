// A table with everything in it that a Cow has to keep right: nested containers, short and long
// strings, and raw pointers.
#ifndef PROGENY_TESTS_SUPPORT_COW_TABLE_H_
#define PROGENY_TESTS_SUPPORT_COW_TABLE_H_

#include <cstdint>
#include <map>
#include <memory_resource>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "progeny/cow.h"

namespace progeny::tests {

struct Table {
  std::pmr::vector<int64_t> numbers;
  std::pmr::map<int, std::pmr::string> names;
  std::pmr::unordered_map<std::pmr::string, std::pmr::vector<std::pmr::string>> words;
  const int64_t* middle = nullptr;
  const std::pmr::string* longest = nullptr;
  int version = 3;
};

inline constexpr int64_t kTableNumbers = 20'000;
inline constexpr int64_t kTableSum = kTableNumbers * (kTableNumbers - 1) / 2;

inline absl::StatusOr<Cow<Table>> MakeTable(int version = 7, CowOptions options = {}) {
  return MakeCow<Table>(
      [&](Table& table) {
        for (int64_t i = 0; i < kTableNumbers; ++i) table.numbers.push_back(i);
        for (int i = 0; i < 20; ++i) table.names[i] = std::string(static_cast<size_t>(i * 3), 'n');
        table.words["short"].emplace_back("one");
        table.words["a key that is too long to be kept in place"].emplace_back("two");
        table.words["short"].emplace_back("a word that is too long to be kept in place");
        table.middle = &table.numbers[kTableNumbers / 2];
        table.longest = &table.names[19];
        table.version = version;
      },
      options);
}

// All of it, addresses included.
inline std::string Describe(const Table& table) {
  int64_t sum = 0;
  for (int64_t number : table.numbers) sum += number;
  std::string text = absl::StrFormat("%p v%d sum %d middle %d longest %d", &table, table.version, sum,
                                     *table.middle, table.longest->size());
  for (const auto& [number, name] : table.names) absl::StrAppend(&text, " ", number, "=", name.c_str());
  for (const char* key : {"short", "a key that is too long to be kept in place"}) {
    for (const auto& word : table.words.at(key)) absl::StrAppend(&text, " ", word.c_str());
  }
  return text;
}

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_COW_TABLE_H_
