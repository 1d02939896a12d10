// What `progeny top` shows: processes as a tree, each with what it costs.
#ifndef PROGENY_TOOLS_PROCESS_VIEW_H_
#define PROGENY_TOOLS_PROCESS_VIEW_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "progeny/internal/tool.h"
#include "progeny/memory_usage.h"

namespace progeny_tool {

struct Row {
  progeny::internal::ProcessEntry entry;
  std::string command;  // "" until Read
  size_t depth = 0;
  progeny::MemoryUsage usage;
};

// Not thread-safe.
class ProcessView {
 public:
  // A family, or all processes of the machine.
  explicit ProcessView(std::optional<progeny::ProcessId> root);

  // Who is there now; figures are gone. NotFound when the root has ended.
  absl::Status Look();
  // The figures of these rows, as many as there are.
  void Read(size_t first, size_t count);

  const std::vector<Row>& rows() const { return rows_; }
  std::string ToJson() const;
  // Without the line's end, at most `columns` wide.
  static std::string Heading(size_t columns);
  std::string Line(size_t row, size_t columns) const;

 private:
  std::optional<progeny::internal::ProcessFamily> family_;
  std::vector<Row> rows_;  // each parent before its children, depth first
};

}  // namespace progeny_tool

#endif  // PROGENY_TOOLS_PROCESS_VIEW_H_
