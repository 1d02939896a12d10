// A python3 that measures something of its own whenever it is asked: CPython's pools beside ours,
// in the same rounds.
#ifndef PROGENY_BENCH_PYTHON_PEER_H_
#define PROGENY_BENCH_PYTHON_PEER_H_

#include <string>

namespace bench {

// Runs bench/python_pool.py, where there is a python3. It ends its pools, and itself, when nobody
// can ask it any more.
void StartPythonPeer();
void EndPythonPeer();  // and waits for it
bool HasPythonPeer();
// Sends a line; the answer is a number of seconds. Ends the program if there is none.
double AskPython(const std::string& line);

}  // namespace bench

#endif  // PROGENY_BENCH_PYTHON_PEER_H_
