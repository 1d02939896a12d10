// The least that a started and joined child can cost on this system: bare system calls, nothing
// kept, nothing checked that need not be. One body per kind of system, picked by CMake.
#ifndef PROGENY_BENCH_FLOOR_H_
#define PROGENY_BENCH_FLOOR_H_

namespace bench {

// fork, _exit in the child, waitpid. Ends the program if the system refuses.
void ForkExitWait();

// posix_spawn of `program` with this one argument, waitpid. Ends the program if that fails.
void SpawnWait(const char* program, const char* argument);

// Ends this process before anything else has been done in main.
[[noreturn]] void ExitAtOnce();

}  // namespace bench

#endif  // PROGENY_BENCH_FLOOR_H_
