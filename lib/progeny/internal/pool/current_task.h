// The task that this process works on.
#ifndef PROGENY_INTERNAL_POOL_CURRENT_TASK_H_
#define PROGENY_INTERNAL_POOL_CURRENT_TASK_H_

#include <atomic>
#include <cstdint>

namespace progeny::internal {

// -1 and 0 outside of a task. Any thread may ask.
int64_t CurrentTaskIndex();
uint64_t CurrentTaskSeed();
void BeginTask(int64_t index, uint64_t seed_of_call);
void EndTask();
// Of a run of tasks, whose loop counts it up by itself.
std::atomic<int64_t>& TaskIndexWord();

uint64_t MixSeeds(uint64_t a, uint64_t b);

}  // namespace progeny::internal

#endif  // PROGENY_INTERNAL_POOL_CURRENT_TASK_H_
