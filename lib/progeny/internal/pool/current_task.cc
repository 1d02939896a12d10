#include "progeny/internal/pool/current_task.h"

#include <atomic>

namespace progeny::internal {
namespace {

std::atomic<int64_t> current_index{-1};
std::atomic<uint64_t> call_seed{0};

}  // namespace

int64_t CurrentTaskIndex() { return current_index.load(std::memory_order_relaxed); }
uint64_t CurrentTaskSeed() {
  const int64_t index = CurrentTaskIndex();
  if (index < 0) return 0;
  return MixSeeds(call_seed.load(std::memory_order_relaxed), static_cast<uint64_t>(index));
}
std::atomic<int64_t>& TaskIndexWord() { return current_index; }

void BeginTask(int64_t index, uint64_t seed_of_call) {
  call_seed.store(seed_of_call, std::memory_order_relaxed);
  current_index.store(index, std::memory_order_relaxed);
}
void EndTask() {
  current_index.store(-1, std::memory_order_relaxed);
}

// The finaliser of splitmix64.
uint64_t MixSeeds(uint64_t a, uint64_t b) {
  uint64_t x = a * 0x9e3779b97f4a7c15ULL + b + 0x632be59bd9b4e019ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

}  // namespace progeny::internal
