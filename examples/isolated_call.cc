// Work that may crash, kept out of this process: Call runs it in a child and tells what became of
// it.
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "progeny/progeny.h"

namespace {

// Stands for a parser one would rather not trust.
absl::StatusOr<int> Parse(std::string_view document) {
  if (document == "truncated") return absl::DataLossError("the document ends too early");
  if (document == "malformed") throw std::invalid_argument("not a document");
  if (document == "malicious") std::abort();
  return static_cast<int>(document.size());
}

std::string Outcome(const absl::StatusOr<int>& result) {
  if (result.ok()) return "parsed, " + std::to_string(*result) + " letters";
  if (auto end = progeny::ExitStatusOf(result.status()))
    return "its process died: " + end->ToString();
  if (auto error = progeny::RemoteErrorOf(result.status()))
    return "it threw " + error->type + ": " + error->what;
  return "it returned an error: " + std::string(result.status().message());
}

}  // namespace

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  for (const char* document : {"fine", "truncated", "malformed", "malicious"}) {
    std::cout << document << ": " << Outcome(progeny::Call(progeny::fn<&Parse>, document)) << "\n";
  }
  std::cout << "and the caller goes on\n";
}
