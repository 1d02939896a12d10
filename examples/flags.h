// The command line of the examples: --name value, --name=value, or --name alone for a switch.
//
//     Flags flags(argc, argv);
//     const int64_t size = flags.Number("--size", 1 << 20);
//     if (const absl::Status status = flags.Finish(); !status.ok()) ...
#ifndef PROGENY_EXAMPLES_FLAGS_H_
#define PROGENY_EXAMPLES_FLAGS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "progeny/process_options.h"

namespace examples {

// Each question takes its words out of the line; Finish tells of the first mistake, or of what
// nobody has asked for. Not thread-safe.
class Flags {
 public:
  Flags(int argc, char** argv) : words_(argv + 1, argv + argc) {}

  bool Switch(absl::string_view name);
  std::string Text(absl::string_view name, std::string otherwise);
  int64_t Number(absl::string_view name, int64_t otherwise);  // at least 1
  // --start fork, spawn or forkserver.
  progeny::StartMethod Start();
  absl::Status Finish() const;

 private:
  void Note(std::string mistake);

  std::vector<std::string> words_;
  absl::Status status_;
};

}  // namespace examples

#endif  // PROGENY_EXAMPLES_FLAGS_H_
