#include "count.h"

#include <algorithm>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace word_count {
namespace {

bool InWord(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return byte >= 0x80 || absl::ascii_isalpha(byte);
}

// Words of text that comes in blocks.
class Counter {
 public:
  // False once `end` has been reached and no word lies across it. `at`: where the block stands.
  bool Take(const std::string& block, int64_t at, int64_t end) {
    for (const char letter : block) {
      if (InWord(letter)) {
        if (at >= end && word_.empty()) return false;
        if (!skipping_) word_ += absl::ascii_tolower(static_cast<unsigned char>(letter));
      } else {
        EndWord();
        if (at >= end) return false;
      }
      ++at;
    }
    return true;
  }
  void EndWord() {
    if (!word_.empty()) ++counts_[word_];
    word_.clear();
    skipping_ = false;
  }
  // The piece begins inside of a word, which is its predecessor's.
  void SkipWord() { skipping_ = true; }
  Counts Finish() {
    EndWord();
    return std::move(counts_);
  }

 private:
  Counts counts_;
  std::string word_;
  bool skipping_ = false;
};

}  // namespace

absl::StatusOr<Counts> CountWords(const Piece& piece) {
  std::ifstream in(piece.file, std::ios::binary);
  int64_t at = piece.begin;
  Counter counter;
  if (at > 0) {
    in.seekg(at - 1);
    if (InWord(static_cast<char>(in.get()))) counter.SkipWord();
  }
  if (!in) return absl::NotFoundError(absl::StrCat("read ", piece.file, " from ", at));
  std::string block;
  do {
    block.resize(1U << 16U);
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    block.resize(static_cast<size_t>(in.gcount()));
    if (!counter.Take(block, at, piece.end)) break;
    at += static_cast<int64_t>(block.size());
  } while (in);
  if (in.bad()) return absl::DataLossError(absl::StrCat("read ", piece.file, " at ", at));
  return counter.Finish();
}

void Add(const Counts& counts, Counts& sum) {
  for (const auto& [word, count] : counts) sum[word] += count;
}

}  // namespace word_count
