// The least that a pool can cost: workers that know what they are to compute, a pair of rings in
// shared memory each, fixed messages, at most 64 on their way per worker. Nothing is encoded,
// checked or survived. One body per kind of system, picked by CMake.
//
// Who waits spins for some microseconds while its peer runs on another CPU, and sleeps on a futex
// otherwise.
#ifndef PROGENY_BENCH_POOL_FLOOR_H_
#define PROGENY_BENCH_POOL_FLOOR_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace bench {

using StarArguments = std::pair<int64_t, double>;

// What everybody computes.
inline int64_t Square(int64_t x) { return x * x; }
inline StarArguments Step(int64_t step, double y) {
  return {step, y * static_cast<double>(step % 97)};
}
void SpinMicroseconds(int64_t microseconds);

// This thread, and what it starts from here on, stays on that one of the CPUs that this program had at first; or may go
// everywhere again. False if there is no such CPU.
bool StayOn(int cpu);
void GoAnywhere();

// Not thread-safe. Ends the program when something fails.
class PoolFloor {
 public:
  explicit PoolFloor(int workers);  // forks them
  ~PoolFloor();                     // ends them and waits
  PoolFloor(const PoolFloor&) = delete;
  PoolFloor& operator=(const PoolFloor&) = delete;

  // Each returns the sum of the answers. A task is a message.
  int64_t Squares(int64_t tasks);
  int64_t SpinTasks(int64_t tasks, int64_t microseconds);
  // The next one once the last was answered, all by the first worker.
  int64_t OneByOne(int64_t tasks);
  // An equal part for each worker: its arguments are copied to it, its results back.
  std::vector<StarArguments> StarMap(const std::vector<StarArguments>& arguments);
  // Copied into shared memory, and out of it by the worker (Argument) or by this process (Result).
  // Up to 64 MiB.
  int64_t Argument(const std::vector<int64_t>& numbers);
  std::vector<int64_t> Result(int64_t count);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace bench

#endif  // PROGENY_BENCH_POOL_FLOOR_H_
