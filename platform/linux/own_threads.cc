// A few words, changed by compare-and-swap: no lock for a fork to leave held. A word names its process as
// well, so a forked child has none of them, whatever numbers its threads get.
#include "platform/linux/own_threads.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "platform/fork_child.h"

namespace progeny::platform {
namespace {

// More are taken for the program's.
std::array<std::atomic<uint64_t>, 16> own_threads{};

uint64_t WordFor(pid_t thread) {
  return static_cast<uint64_t>(getpid()) << 32 | static_cast<uint32_t>(thread);
}
bool IsOfThisProcess(uint64_t word) { return word >> 32 == static_cast<uint64_t>(getpid()); }

}  // namespace

void NoteThreadWork(ThreadWork work) {
  const uint64_t self = WordFor(gettid());
  for (std::atomic<uint64_t>& word : own_threads) {
    uint64_t found = word.load();
    if (work == ThreadWork::kPrograms) {
      if (found == self) word.store(0);
      continue;
    }
    if (found == self) return;
    if ((found == 0 || !IsOfThisProcess(found)) && word.compare_exchange_strong(found, self)) return;
  }
}

bool IsOwnThread(pid_t thread) {
  const uint64_t wanted = WordFor(thread);
  for (const std::atomic<uint64_t>& word : own_threads) {
    if (word.load() == wanted) return true;
  }
  return false;
}

size_t OwnOtherThreads() {
  const uint64_t self = WordFor(gettid());
  size_t count = 0;
  for (const std::atomic<uint64_t>& word : own_threads) {
    const uint64_t found = word.load();
    if (found != self && IsOfThisProcess(found)) ++count;
  }
  return count;
}

}  // namespace progeny::platform
