// A parser that crashes on some inputs: they are reported with what became of it, and the rest is
// parsed.
//
//     crash_isolated_parser [--start fork] [--documents 400] [--workers 2]
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "flags.h"
#include "progeny/progeny.h"

namespace {

struct Document {
  int words = 0;
  std::string first;
};

// Stands for code that nobody dares to touch.
Document Parse(const std::string& text) {
  if (text.find("\1") != std::string::npos) std::abort();
  if (text.find("\2") != std::string::npos) std::_Exit(7);
  if (text.find("\3") != std::string::npos) {
    for (volatile bool stuck = true; stuck;) continue;
  }
  if (text.empty()) throw std::invalid_argument("an empty document");
  Document document;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' || (i > 0 && text[i - 1] != ' ')) continue;
    ++document.words;
    if (document.words == 1) document.first = text.substr(i, text.find(' ', i) - i);
  }
  return document;
}

// Documents of a few words; four of them are such that the parser can't bear.
std::vector<std::string> Documents(size_t count) {
  std::vector<std::string> documents;
  for (size_t i = 0; i < count; ++i) {
    std::string text = "document";
    for (size_t word = 0; word < i % 5; ++word) text += " word" + std::to_string(word);
    documents.push_back(std::move(text));
  }
  documents[count / 5] += " bad \1 byte";
  documents[2 * count / 5] += " end \2 of it";
  documents[3 * count / 5] += " for \3 ever";
  documents[4 * count / 5].clear();
  return documents;
}

std::string WhatBecameOf(const absl::Status& status) {
  if (absl::IsDeadlineExceeded(status)) return "it took too long";
  if (const auto end = progeny::ExitStatusOf(status)) return "the parser died: " + end->ToString();
  if (const auto error = progeny::RemoteErrorOf(status)) return "refused: " + error->what;
  return status.ToString();
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  examples::Flags flags(argc, argv);
  const progeny::StartMethod start = flags.Start();
  const auto count = static_cast<size_t>(flags.Number("--documents", 400));
  const auto workers = static_cast<int>(flags.Number("--workers", 2));
  if (const absl::Status status = flags.Finish(); !status.ok() || count < 10) {
    std::fprintf(stderr, "crash_isolated_parser: %s\n",
                 status.ok() ? "--documents: at least 10" : status.ToString().c_str());
    return 2;
  }
  absl::StatusOr<progeny::Pool> pool = progeny::Pool::Create(
      {.workers = workers, .process = {.start_method = start}, .task_timeout = absl::Seconds(2)});
  if (!pool.ok()) {
    std::fprintf(stderr, "no pool: %s\n", pool.status().ToString().c_str());
    return 1;
  }
  const auto parsed = pool->MapEach(progeny::fn<&Parse>, Documents(count),
                                    {.on_progress = progeny::ProgressBar({.label = "parsing"})});
  if (!parsed.ok()) return 1;
  size_t good = 0;
  for (size_t i = 0; i < parsed->size(); ++i) {
    const absl::StatusOr<Document>& document = (*parsed)[i];
    if (document.ok() && document->first == "document") ++good;
    if (!document.ok())
      std::printf("document %zu: %s\n", i, WhatBecameOf(document.status()).c_str());
  }
  std::printf("%zu of %zu parsed\n", good, count);
  return good + 4 == count ? 0 : 1;
}
