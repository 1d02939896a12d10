#include <iostream>
#include <string_view>

#include "progeny/progeny.h"

int CountVowels(std::string_view text) {
  int count = 0;
  for (char c : text) count += std::string_view("aeiou").find(c) != std::string_view::npos;
  return count;
}

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);  // a spawned child turns off here, and runs its function
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    absl::StatusOr<int> vowels = progeny::Call({.start_method = method}, progeny::fn<&CountVowels>,
                                               "hello from another process");
    if (!vowels.ok()) std::cerr << progeny::Name(method) << ": " << vowels.status() << "\n";
    if (vowels.ok()) std::cout << progeny::Name(method) << ": " << *vowels << " vowels\n";
  }
}
