// Who takes part in a round of pool_bench, measured by the time of one task.
#ifndef PROGENY_BENCH_POOL_CONTENDERS_H_
#define PROGENY_BENCH_POOL_CONTENDERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rounds.h"

namespace bench {

using Contenders = std::vector<Contender>;

// Runs `count` tasks, and tells the seconds that one took.
Contender Each(std::string name, int64_t count, std::function<void(int64_t)> run);

// For Each: does it so often.
std::function<void(int64_t)> Repeated(std::function<void()> once);

// The floor, and the floor "again".
void AddFloor(Contenders& all, int64_t count, const std::function<void(int64_t)>& run);

// CPython's Pool and ProcessPoolExecutor, if the peer has been started. `line` is "case KIND
// workers", of python_pool.py. kWhole: the tasks are one job, whose time is told.
enum class Told { kPerTask, kWhole };
void AddPython(Contenders& all, const std::string& line, int64_t count, Told told = Told::kPerTask);

}  // namespace bench

#endif  // PROGENY_BENCH_POOL_CONTENDERS_H_
