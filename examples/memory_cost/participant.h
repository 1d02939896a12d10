// The parent's side of one child of the experiment.
#ifndef PROGENY_EXAMPLES_MEMORY_COST_PARTICIPANT_H_
#define PROGENY_EXAMPLES_MEMORY_COST_PARTICIPANT_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "experiment.h"

namespace memory_cost {

// Move-only owner of a child; destroying it ends the child.
class Participant {
 public:
  // Returns once the child's function runs.
  static absl::StatusOr<Participant> Start(const Case& what);

  // Lets the child do its work and waits for it. Aborted if it read other numbers than expected.
  absl::Status DoWork(int64_t expected_sum);

  absl::StatusOr<progeny::MemoryUsage> Memory() const { return process_.Memory(); }
  int64_t numbers_seen() const { return numbers_seen_; }
  absl::Duration start() const { return start_; }
  absl::Duration access() const { return access_; }

 private:
  Participant(const Case& what, progeny::Process process)
      : what_(what), process_(std::move(process)) {}
  // The number behind `word` in the child's next line.
  absl::StatusOr<int64_t> Expect(absl::string_view word);

  Case what_;
  progeny::Process process_;
  int64_t numbers_seen_ = 0;
  absl::Duration start_, access_;
};

}  // namespace memory_cost

#endif  // PROGENY_EXAMPLES_MEMORY_COST_PARTICIPANT_H_
