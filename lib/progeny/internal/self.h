// What this process is: the state behind this_process::, and the mark that it is a forked copy.
#ifndef PROGENY_INTERNAL_SELF_H_
#define PROGENY_INTERNAL_SELF_H_

#include <cstdint>
#include <optional>
#include <string>

#include "progeny/internal/slot.h"
#include "progeny/process_options.h"
#include "progeny/this_process.h"

namespace progeny::internal {

// Made by the parent for each child.
struct Identity {
  std::string name;
  std::string path;  // "1:2" for the second child of the first child; "" for the main process
  StartMethod start_method = StartMethod::kSpawn;
  ProcessId parent_id = 0;
  std::string parent_name;
  int pool_depth = 0;  // pools' workers among this process and its ancestors
};

// For the next child of this process; `name` may be empty.
Identity NextChildIdentity(const std::string& name, StartMethod method);

// For a fork server of this process: it counts as no child.
Identity ForkServerIdentity();

// In a child, before any code of the user's: from here on this process is `identity`. Both live until
// the process ends.
void BecomeChild(const Identity* identity, Slot* slot);

// How many pools this process works for, directly and through its ancestors.
int PoolDepth();
void SetPoolDepth(int depth);

// Runs what this_process::AtExit has registered, last first. What it throws is logged and dropped.
void RunAtExit();

// Counts the forks between the program's start and this process: an object that remembers another
// number belongs to an ancestor. Foreign code's forks count as well.
uint64_t ForkGeneration();

// Whether a main guard has been met in this process, by this copy of progeny or another one.
bool GuardMet();
void NoteGuardMet();

// A re-executed child tried to start a process before its guard: a guard that comes later finds out
// by this and doesn't run the entry, as user code has already run that was not meant to.
void NoteStartWithoutGuard();
bool StartedWithoutGuard();

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_SELF_H_
