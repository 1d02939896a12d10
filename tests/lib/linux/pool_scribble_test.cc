// Tasks that overwrite the memory which their worker shares with the pool: its words and its rings. Such a worker's word is
// worth nothing any more, but the pool goes on: each task has an outcome, and the others have the right one.
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "progeny/pool.h"
#include "support/leak_check.h"
#include "support/pool_case.h"
#include "support/status.h"

namespace progeny {
namespace {

using tests::kPatience;

class PoolScribbleTest : public tests::EveryMethodPool {};
PROGENY_FOR_EVERY_METHOD(PoolScribbleTest);

struct Mapping {
  unsigned char* begin = nullptr;
  size_t size = 0;
};

// Shared memory of this process that holds a word page and rings, but for the page that all workers share.
std::vector<Mapping> SharedMemory() {
  std::vector<Mapping> all;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, access) != 3) continue;
    const bool ours = line.find("memfd:") != std::string::npos && std::strcmp(access, "rw-s") == 0;
    if (ours && end - begin > 4096) all.push_back({reinterpret_cast<unsigned char*>(begin), end - begin});
  }
  return all;
}

enum class Pattern : int { kOnes, kZeros, kNoise, kNoiseInWords, kAFewWords };
enum class Then : int { kReturn, kExit };

int64_t Scribble(Pattern pattern, Then then, uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<Mapping> all = SharedMemory();
  for (const Mapping& memory : all) {
    if (pattern == Pattern::kOnes || pattern == Pattern::kZeros) {
      std::memset(memory.begin, pattern == Pattern::kOnes ? 0xff : 0, memory.size);
    } else if (pattern == Pattern::kAFewWords) {
      auto* const words = reinterpret_cast<uint64_t*>(memory.begin);
      for (int i = 0; i < 8; ++i) words[random() % 128] = random() % 3 == 0 ? random() : random() % 1'000;
    } else {
      const size_t end = pattern == Pattern::kNoise ? memory.size : 4096;
      for (size_t i = 0; i < end; i += sizeof(uint64_t)) {
        const uint64_t noise = random();
        std::memcpy(memory.begin + i, &noise, sizeof noise);
      }
    }
  }
  if (then == Then::kExit) _exit(3);
  return static_cast<int64_t>(all.size());
}

int64_t Square(int64_t x) { return x * x; }

class Scribbled {
 public:
  explicit Scribbled(Pool& pool) : pool_(pool) {}

  // One task that scribbles, among others. What becomes of it is open, but something does.
  void By(Pattern pattern, Then then, uint64_t seed) {
    std::vector<Future<int64_t>> others;
    for (int64_t i = 0; i < 3; ++i) others.push_back(pool_.Submit(progeny::fn<&Square>, i));
    Future<int64_t> scribbler = pool_.Submit(progeny::fn<&Scribble>, pattern, then, seed);
    for (int64_t i = 3; i < 6; ++i) others.push_back(pool_.Submit(progeny::fn<&Square>, i));
    const absl::StatusOr<int64_t> outcome = scribbler.Get(kPatience);
    EXPECT_FALSE(absl::IsDeadlineExceeded(outcome.status())) << Words(pattern, then, seed);
    EXPECT_GE(outcome.value_or(1), 1) << "found nothing to overwrite";
    for (int64_t i = 0; i < 6; ++i) {
      const absl::StatusOr<int64_t> square = others[static_cast<size_t>(i)].Get(kPatience);
      // One that ran beside it in the same worker may have died with it.
      EXPECT_TRUE(square.ok() ? *square == i * i : absl::IsAborted(square.status()) || absl::IsDataLoss(square.status()))
          << square.status() << Words(pattern, then, seed);
    }
    const absl::StatusOr<int64_t> next = pool_.Submit(progeny::fn<&Square>, 9).Get(kPatience);
    EXPECT_TRUE(next.ok() && *next == 81) << next.status() << Words(pattern, then, seed);
  }

 private:
  static std::string Words(Pattern pattern, Then then, uint64_t seed) {
    return " after pattern " + std::to_string(static_cast<int>(pattern)) + ", end " + std::to_string(static_cast<int>(then)) +
           ", seed " + std::to_string(seed);
  }
  Pool& pool_;
};

TEST_P(PoolScribbleTest, EverythingOverwritten_CostsTheTaskThatDidIt) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (const Then then : {Then::kReturn, Then::kExit}) {
    for (const Pattern pattern : {Pattern::kOnes, Pattern::kZeros, Pattern::kNoise, Pattern::kNoiseInWords}) {
      Scribbled(*pool).By(pattern, then, 1);
    }
  }
}

TEST_P(PoolScribbleTest, AFewWordsOverwritten_WedgeNobody) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(2));
  ASSERT_OK(pool);
  for (uint64_t seed = 1; seed <= 20; ++seed) Scribbled(*pool).By(Pattern::kAFewWords, Then::kReturn, seed);
}

// True if the bytes lie in memory that is shared and can't be written to.
bool LieInReadOnlyMemory(absl::Span<const int64_t> numbers) {
  const auto at = reinterpret_cast<uintptr_t>(numbers.data());
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char access[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, access) != 3 || at < begin || at >= end) continue;
    return std::strcmp(access, "r--s") == 0;
  }
  return false;
}

TEST_P(PoolScribbleTest, AViewOfALargeArgument_ShowsThePoolsOwnMemory_WhichItCantWriteTo) {
  absl::StatusOr<Pool> pool = Pool::Create(Workers(1));
  ASSERT_OK(pool);
  for (const int64_t count : {3'000, 100'000, 1'500'000}) {  // 12 MB: not written in place, but read
    EXPECT_TRUE(*pool->Apply(fn<&LieInReadOnlyMemory>, std::vector<int64_t>(static_cast<size_t>(count), 1))) << count;
  }
}

}  // namespace
}  // namespace progeny
