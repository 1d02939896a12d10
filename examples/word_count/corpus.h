// Text to count words in.
#ifndef PROGENY_EXAMPLES_WORD_COUNT_CORPUS_H_
#define PROGENY_EXAMPLES_WORD_COUNT_CORPUS_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace word_count {

// Writes about `bytes` of made-up prose: 50,000 words, as frequent as words of a language are (the
// n-th about 1/n as often as the first). The same on every machine.
absl::Status WriteCorpus(const std::filesystem::path& file, int64_t bytes);

// A file that is removed with its owner.
class TemporaryFile {
 public:
  TemporaryFile();
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace word_count

#endif  // PROGENY_EXAMPLES_WORD_COUNT_CORPUS_H_
