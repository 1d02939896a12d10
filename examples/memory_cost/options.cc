#include "options.h"

#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace memory_cost {
namespace {

constexpr int kMostChildren = 256;
constexpr int64_t kLeastBytes = int64_t{1} << 20;
constexpr double kMostBytes = static_cast<double>(int64_t{1} << 50);

absl::StatusOr<int> ParseChildren(absl::string_view text) {
  int children = 0;
  if (!absl::SimpleAtoi(text, &children) || children < 1 || children > kMostChildren) {
    return absl::InvalidArgumentError(
        absl::StrCat("--children ", text, ": not a number from 1 to ", kMostChildren));
  }
  return children;
}

absl::Status Apply(absl::string_view name, absl::string_view value, Options& options) {
  if (name == "--size") {
    absl::StatusOr<int64_t> bytes = ParseSize(value);
    if (bytes.ok()) options.table_bytes = *bytes;
    return bytes.status();
  }
  if (name == "--children") {
    absl::StatusOr<int> children = ParseChildren(value);
    if (children.ok()) options.children = *children;
    return children.status();
  }
  return absl::InvalidArgumentError(absl::StrCat(name, ": no such option; --help lists them"));
}

}  // namespace

std::string Usage() {
  return "memory_cost [--size SIZE] [--children N] [--json]\n"
         "  Builds a table, starts children by every start method there is, and shows what they "
         "cost.\n"
         "  --size SIZE     of the table: 1GiB (default), 512M, 4096K, ...; at least 1MiB\n"
         "  --children N    in each case, 1 to 256 (default 4)\n"
         "  --json          the same figures as JSON\n";
}

absl::StatusOr<int64_t> ParseSize(absl::string_view text) {
  std::string digits = absl::AsciiStrToLower(text);
  absl::string_view rest = digits;
  if (!absl::ConsumeSuffix(&rest, "ib")) absl::ConsumeSuffix(&rest, "b");
  double unit = 1;
  for (const auto& [letter, factor] : {std::pair("k", 10), {"m", 20}, {"g", 30}, {"t", 40}}) {
    if (absl::ConsumeSuffix(&rest, letter)) {
      unit = std::ldexp(1.0, factor);
      break;
    }
  }
  double number = 0;
  // The comparison is false for a NaN as well.
  if (!absl::SimpleAtod(rest, &number) ||
      !(number * unit >= kLeastBytes && number * unit <= kMostBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--size ", text, ": not a size from 1MiB on; 512MiB or 2GiB would be one"));
  }
  return static_cast<int64_t>(number * unit);
}

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument == "--json") {
      options.format = Format::kJson;
    } else if (argument == "--help" || argument == "-h") {
      options.help = true;
    } else if (size_t equals = argument.find('='); equals != absl::string_view::npos) {
      absl::Status status = Apply(argument.substr(0, equals), argument.substr(equals + 1), options);
      if (!status.ok()) return status;
    } else if ((argument == "--size" || argument == "--children") && i + 1 == arguments.size()) {
      return absl::InvalidArgumentError(absl::StrCat(argument, ": its value is missing"));
    } else {
      absl::string_view value;
      if (i + 1 < arguments.size()) value = arguments[i + 1];
      absl::Status status = Apply(argument, value, options);
      if (!status.ok()) return status;
      ++i;
    }
  }
  return options;
}

}  // namespace memory_cost
