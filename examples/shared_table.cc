// One table, built once, looked at by children of every start method: none of them copies it, and
// what one of them writes nobody else sees.
#include <iostream>
#include <memory_resource>
#include <string>
#include <unordered_map>

#include "progeny/progeny.h"

using Squares = std::pmr::unordered_map<int, std::pmr::string>;

std::string LookUp(progeny::Cow<Squares> squares, int number) {
  return std::string(squares->at(number));
}

// Of bytes that are this child's own afterwards.
absl::StatusOr<int64_t> Overwrite(progeny::Cow<Squares> squares, int number) {
  absl::StatusOr<Squares*> mine = squares.Mutable();
  if (!mine.ok()) return mine.status();
  (*mine)->at(number) = "forgotten";
  return squares.copied_bytes();
}

int main(int argc, char** argv) {
  progeny::MainGuard guard(argc, argv);
  absl::StatusOr<progeny::Cow<Squares>> squares = progeny::MakeCow<Squares>([](Squares& table) {
    for (int i = 0; i < 100'000; ++i) table[i] = std::to_string(int64_t{i} * i);
  });
  if (!squares.ok()) {
    std::cerr << squares.status() << "\n";
    return 1;
  }
  std::cout << "a table of " << squares->arena().bytes_used() / 1024 << " KiB\n";
  for (progeny::StartMethod method : progeny::AvailableStartMethods()) {
    const progeny::ProcessOptions options{.start_method = method};
    absl::StatusOr<int64_t> copied = progeny::Call(options, progeny::fn<&Overwrite>, *squares, 777);
    absl::StatusOr<std::string> found = progeny::Call(options, progeny::fn<&LookUp>, *squares, 777);
    if (!copied.ok() || !found.ok()) {
      std::cerr << copied.status() << " " << found.status() << "\n";
      return 1;
    }
    std::cout << progeny::Name(method) << ": one child wrote, and copied " << *copied / 1024
              << " KiB; the next one still finds " << *found << "\n";
  }
}
