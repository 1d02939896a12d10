// A parser that crashes on some inputs: they are reported, and the rest is parsed.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "progeny/progeny.h"

namespace {

struct Document {
  int words = 0;
};

// Stands for code that nobody dares to touch.
Document Parse(const std::string& text) {
  if (text.find('\1') != std::string::npos) std::abort();          // a bug
  if (text.empty()) throw std::invalid_argument("an empty document");
  Document document;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ' && (i == 0 || text[i - 1] == ' ')) ++document.words;
  }
  return document;
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  const std::vector<std::string> texts = {"one two three", "bad \1 byte", "", "four five"};
  absl::StatusOr<progeny::Pool> pool = progeny::Pool::Create({.workers = 2});
  if (!pool.ok()) {
    std::printf("no pool: %s\n", std::string(pool.status().message()).c_str());
    return 1;
  }
  const auto documents = pool->MapEach(progeny::fn<&Parse>, texts);
  if (!documents.ok()) return 1;
  int parsed = 0;
  for (size_t i = 0; i < documents->size(); ++i) {
    const absl::StatusOr<Document>& document = (*documents)[i];
    if (document.ok()) {
      ++parsed;
      std::printf("text %zu: %d words\n", i, document->words);
    } else if (const auto end = progeny::ExitStatusOf(document.status())) {
      std::printf("text %zu: the parser died: %s\n", i, end->ToString().c_str());
    } else {
      std::printf("text %zu: refused: %s\n", i, std::string(document.status().message()).c_str());
    }
  }
  std::printf("%d of %zu parsed\n", parsed, texts.size());
  return 0;
}
