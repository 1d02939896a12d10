#include "flags.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace examples {

void Flags::Note(std::string mistake) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(std::move(mistake));
}

bool Flags::Switch(absl::string_view name) {
  const auto found = std::find(words_.begin(), words_.end(), name);
  if (found == words_.end()) return false;
  words_.erase(found);
  return true;
}

std::string Flags::Text(absl::string_view name, std::string otherwise) {
  for (auto word = words_.begin(); word != words_.end(); ++word) {
    if (*word == name) {
      if (word + 1 == words_.end()) {
        Note(absl::StrCat(name, ": its value is missing"));
        words_.erase(word);
        return otherwise;
      }
      std::string value = word[1];
      words_.erase(word, word + 2);
      return value;
    }
    if (absl::StartsWith(*word, absl::StrCat(name, "="))) {
      std::string value = word->substr(name.size() + 1);
      words_.erase(word);
      return value;
    }
  }
  return otherwise;
}

int64_t Flags::Number(absl::string_view name, int64_t otherwise) {
  const std::string text = Text(name, "");
  if (text.empty()) return otherwise;
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number) && number > 0) return number;
  Note(absl::StrCat(name, " ", text, ": not a number from 1 on"));
  return otherwise;
}

progeny::StartMethod Flags::Start() {
  const progeny::StartMethod otherwise = progeny::DefaultStartMethod();
  const std::string text = Text("--start", std::string(progeny::Name(otherwise)));
  std::vector<std::string_view> names;
  for (const progeny::StartMethod method : progeny::AvailableStartMethods()) {
    if (progeny::Name(method) == text) return method;
    names.push_back(progeny::Name(method));
  }
  Note(absl::StrCat("--start ", text, ": here it is one of ", absl::StrJoin(names, ", ")));
  return otherwise;
}

absl::Status Flags::Finish() const {
  if (!status_.ok() || words_.empty()) return status_;
  return absl::InvalidArgumentError(absl::StrCat(words_[0], ": no such flag"));
}

}  // namespace examples
