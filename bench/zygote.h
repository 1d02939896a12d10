// The least that a fork server can cost on Linux: written by hand, for comparison. And CPython's,
// asked for one child at a time.
#ifndef PROGENY_BENCH_ZYGOTE_H_
#define PROGENY_BENCH_ZYGOTE_H_

namespace bench {

// A process forked early, while this one is small. For each request (64 bytes and the three standard
// streams over SOCK_SEQPACKET) it makes a child by clone3 with CLONE_PARENT, which ends at once, and
// answers with its id: the same form as progeny's server. Call it first in main.
void StartZygote();
// Requests a child and waits for it by waitpid. Ends the program if that fails.
void ZygoteForkWait();

// A python3 that starts and joins one child of multiprocessing's forkserver for each line it is sent.
// False where there is no python3.
bool StartPython();
void PythonForkserverStartJoin();

}  // namespace bench

#endif  // PROGENY_BENCH_ZYGOTE_H_
