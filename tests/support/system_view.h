// What the operating system itself says of processes: progeny's word is what is being tested. One
// body per system, picked by CMake.
#ifndef PROGENY_TESTS_SUPPORT_SYSTEM_VIEW_H_
#define PROGENY_TESTS_SUPPORT_SYSTEM_VIEW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace progeny::tests {

// What this process holds, one line each, sorted; what a system can't tell is left out.
std::vector<std::string> OpenHandles();
std::vector<std::string> ChildrenOfThisProcess();  // zombies too
std::vector<std::string> SharedMappings();         // of progeny's anonymous memory

// Whether a process runs; a zombie doesn't.
bool IsRunning(int64_t process_id);
// Ends a process that need not be a child of this one, as hard as the system can.
void EndProcess(int64_t process_id);

// The processes whose program is this file (UTF-8); zombies don't count. Windows: by the file's name alone.
std::vector<int64_t> ProcessesRunning(const std::string& program);

// A fault, of the kind that ends a process as "crashed", sanitizers or not.
[[noreturn]] void Crash();

// An imitation of Windows that takes some limits without enforcing them.
bool UnderWine();

struct ProgramRun {
  bool finished = false;  // within its time; else it was ended
  int exit_code = -1;     // 128 + n for signal n
  std::string output;     // both streams
};

// Runs a program that progeny has no part in starting. `arguments` begin with its path (UTF-8).
ProgramRun RunProgram(const std::vector<std::string>& arguments,
                      absl::Duration patience = absl::Seconds(30));

}  // namespace progeny::tests

#endif  // PROGENY_TESTS_SUPPORT_SYSTEM_VIEW_H_
