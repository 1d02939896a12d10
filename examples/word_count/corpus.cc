#include "corpus.h"

#include <cmath>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "progeny/this_process.h"

namespace word_count {
namespace {

constexpr int kWords = 50'000;

// The standard's distributions differ from library to library; this doesn't (splitmix64).
class Dice {
 public:
  uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15U;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
  }
  // From 0 to 1, without 1.
  double Fraction() { return static_cast<double>(Next() >> 11U) * 0x1p-53; }

 private:
  uint64_t state_ = 2026;
};

// Syllables for digits: different for each number, and pronounceable.
std::string Word(int number) {
  static constexpr const char* kSyllables[] = {"ba", "de", "fi", "go", "lu", "ma", "ne", "pi",
                                               "ro", "su", "ta", "ve", "wi", "xo", "yu", "za"};
  std::string word;
  do {
    word += kSyllables[number % 16];
    number /= 16;
  } while (number > 0);
  return word;
}

}  // namespace

absl::Status WriteCorpus(const std::filesystem::path& file, int64_t bytes) {
  std::vector<std::string> words;
  for (int i = 0; i < kWords; ++i) words.push_back(Word(i));
  std::ofstream out(file, std::ios::binary);
  Dice dice;
  std::string block;
  for (int64_t written = 0; written < bytes && out; block.clear()) {
    while (block.size() < (1U << 20U) && written + static_cast<int64_t>(block.size()) < bytes) {
      // kWords to the power of a fraction is at rank n about 1/n of the time.
      const auto rank =
          static_cast<size_t>(std::exp2(dice.Fraction() * std::log2(double{kWords}))) - 1;
      block += words[rank];
      block += dice.Next() % 12 == 0 ? ".\n" : " ";
    }
    out.write(block.data(), static_cast<std::streamsize>(block.size()));
    written += static_cast<int64_t>(block.size());
  }
  out.close();
  if (out) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("write ", file.string(), ": is the disk full?"));
}

TemporaryFile::TemporaryFile()
    : path_(std::filesystem::temp_directory_path() /
            absl::StrCat("progeny_word_count_", progeny::this_process::id(), ".txt")) {}

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

}  // namespace word_count
