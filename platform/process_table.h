// The processes of the machine and who started whom: what is needed to follow a family of
// processes.
//
// A process id is given to another process some time after its owner has been joined. The id
// together with the start time is not: two entries name the same process if both agree.
//
//                  Linux                      Windows               macOS
//   whose          all that /proc shows       all                   all
//   start_time     clock ticks since boot     100 ns since 1601,    microseconds since 1970
//                                             0 where not permitted
//   name           15 bytes at most           the program's file    16 bytes at most
//   resident       of any process, to some    not told              not told
//                  100 KiB
//   command line   of any process             not told              of this user's processes
//   ChildrenOf     where the kernel has it    -                     -
//
// Linux: in a pid namespace whose /proc is another namespace's, the ids are those of that /proc.
// Names are what processes made of them: any bytes but NUL, not always UTF-8. All of it is
// thread-safe.
#ifndef PROGENY_PLATFORM_PROCESS_TABLE_H_
#define PROGENY_PLATFORM_PROCESS_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace progeny::platform {

struct ProcessEntry {
  int64_t id = 0;
  // Of who started it; of a foster parent (init, a subreaper) once that one has ended. Windows: the
  // number stays, and may belong to a stranger by now, who then is younger than this process.
  int64_t parent_id = 0;
  uint64_t start_time = 0;  // in units of the OS, to be compared only; 0: not told
  std::string name;
  std::optional<int64_t> resident;  // bytes, where it costs nothing to tell
};

// Every process that runs, in no order, those that have ended but were not joined left out. The
// kernel's list changes meanwhile: of processes that start or end during the call some are in it.
// Cost on Linux: some 15 us per process of the machine.
absl::StatusOr<std::vector<ProcessEntry>> ListProcesses();

// One of them, much cheaper (Windows: not cheaper). NotFound: no such process, or it has ended
// (joined or not).
absl::StatusOr<ProcessEntry> FindProcess(int64_t id);

// The ids of those that this process has started, or fosters, and that were not joined. Looking at
// a small family costs less this way than by the list. Unimplemented where only the list tells.
absl::StatusOr<std::vector<int64_t>> ChildrenOf(int64_t id);

// Arguments as the process shows them, with blanks between, for people to read; "" where it can't
// be told. At most some 4 KiB of it.
std::string CommandLineOf(int64_t id);

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_PROCESS_TABLE_H_
