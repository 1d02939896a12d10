// Somebody else's program, run by the tool as a shell would: what `progeny memory -- COMMAND` looks
// at. No public API: a program that wants a child has Process for functions of its own, and
// progeny/boost_process.h for foreign programs with streams and environments. This one keeps what
// these don't: the search in PATH, and any signal passed on.
#ifndef PROGENY_INTERNAL_FOREIGN_PROGRAM_H_
#define PROGENY_INTERNAL_FOREIGN_PROGRAM_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/foreign_program.h"
#include "platform/wait_set.h"
#include "progeny/exit_status.h"
#include "progeny/this_process.h"

namespace progeny::internal {

// One at a time, in a process that starts no other children meanwhile. Thread-safe. The destructor
// waits for the program's end.
class ForeignProgram {
 public:
  // NotFound: no such program. PermissionDenied and others: it is there, but can't be executed.
  static absl::StatusOr<std::unique_ptr<ForeignProgram>> Start(
      const std::vector<std::string>& command);
  ~ForeignProgram();

  ProcessId id() const { return program_.id; }
  // Ready once it has ended, and exit_status() is there.
  NativeHandle sentinel() const { return ended_.handle(); }
  std::optional<ExitStatus> exit_status() const;
  // A signal by its number; an ended program is no error.
  absl::Status Signal(int number);

 private:
  ForeignProgram(platform::StartedProgram program, platform::Wakeup ended);
  void AwaitEnd();

  const platform::StartedProgram program_;
  platform::Wakeup ended_;
  // Around the taking of the exit as well: from then on the id may be another process's.
  mutable std::mutex mutex_;
  std::optional<ExitStatus> exit_status_;  // under mutex_
  std::thread thread_;
};

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_FOREIGN_PROGRAM_H_
