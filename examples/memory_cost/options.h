// The command line of memory_cost.
#ifndef PROGENY_EXAMPLES_MEMORY_COST_OPTIONS_H_
#define PROGENY_EXAMPLES_MEMORY_COST_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace memory_cost {

enum class Format { kTable, kJson };

struct Options {
  int64_t table_bytes = int64_t{1} << 30;
  int children = 4;
  Format format = Format::kTable;
  bool help = false;
};

std::string Usage();

// InvalidArgument names the argument and says what would do.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

// "1GiB", "512M", "1.5g", "4096": powers of 1024, whole bytes.
absl::StatusOr<int64_t> ParseSize(absl::string_view text);

}  // namespace memory_cost

#endif  // PROGENY_EXAMPLES_MEMORY_COST_OPTIONS_H_
