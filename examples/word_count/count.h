// Counting the words of a piece of a file.
#ifndef PROGENY_EXAMPLES_WORD_COUNT_COUNT_H_
#define PROGENY_EXAMPLES_WORD_COUNT_COUNT_H_

#include <cstdint>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"

namespace word_count {

using Counts = std::unordered_map<std::string, int64_t>;

struct Piece {
  std::string file;
  int64_t begin = 0;
  int64_t end = 0;
};

// Letters (and whatever isn't ASCII) make a word, in lower case; one that lies across a border
// belongs to the piece in which it begins. So the pieces of a file together have each of its words
// once.
absl::StatusOr<Counts> CountWords(const Piece& piece);

void Add(const Counts& counts, Counts& sum);

}  // namespace word_count

#endif  // PROGENY_EXAMPLES_WORD_COUNT_COUNT_H_
