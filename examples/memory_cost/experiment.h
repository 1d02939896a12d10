// Children beside a big table: what they cost, case by case.
#ifndef PROGENY_EXAMPLES_MEMORY_COST_EXPERIMENT_H_
#define PROGENY_EXAMPLES_MEMORY_COST_EXPERIMENT_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "children.h"
#include "progeny/progeny.h"

namespace memory_cost {

// How the table comes to the children.
enum class Passing { kInherited, kNotPassed, kByValue, kInCow };

struct Case {
  progeny::StartMethod start_method;
  Passing passing;
  Access access;
};

// "inherited", "not passed", "by value", "in a Cow"; "only exist", "read all", "write every page",
// "write 10 %".
absl::string_view Name(Passing passing);
absl::string_view Name(Access access);

// Figures of one child are medians over the children of the case.
struct Row {
  Case what;
  int64_t numbers_seen = 0;    // in the table as the child found it
  absl::Duration start = {};   // from Process::Start to the first line of the child's function
  absl::Duration access = {};  // reading or writing
  progeny::MemoryUsage each = {};
  int64_t available_drop = 0;  // of the whole system, with all children alive; others disturb it
};

struct Report {
  int64_t requested_bytes = 0;
  int64_t table_bytes = 0;  // less than requested where memory would not do
  int children = 0;
  progeny::SystemMemory system = {};  // before the table was built
  std::vector<Row> rows = {};
};

// What fits into `available` with every child holding a copy of its own.
int64_t FittingTable(int64_t requested, int children, int64_t available);

// Builds the table, once as it is and once in a Cow, runs every case that this system can start, and
// frees it. To be called once at a time.
absl::StatusOr<Report> RunExperiment(int64_t table_bytes, int children);

}  // namespace memory_cost

#endif  // PROGENY_EXAMPLES_MEMORY_COST_EXPERIMENT_H_
