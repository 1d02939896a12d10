// A ring of messages and a bell in memory that two processes share: what pool_floor.h is made of.
#ifndef PROGENY_BENCH_FLOOR_RING_LINUX_H_
#define PROGENY_BENCH_FLOOR_RING_LINUX_H_

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace bench {

constexpr uint64_t kSlots = 128;
constexpr int kSpins = 4000;  // about 20 us

struct Message {
  int64_t kind;
  int64_t value;
};

// One sleeper; wakers are whoever writes what it waits for.
struct Bell {
  alignas(64) std::atomic<uint32_t> asleep;
  std::atomic<uint32_t> cpu;  // where the sleeper ran last, plus one

  void Wake() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep.load(std::memory_order_relaxed) == 0) return;
    if (asleep.exchange(0) != 0) syscall(SYS_futex, &asleep, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
  template <class Ready>
  void Await(const std::atomic<uint32_t>& peer_cpu, Ready ready) {
    const auto mine = static_cast<uint32_t>(sched_getcpu()) + 1;
    cpu.store(mine, std::memory_order_relaxed);
    for (int i = 0; i < kSpins && peer_cpu.load(std::memory_order_relaxed) != mine; ++i) {
      if (ready()) return;
    }
    while (!ready()) {
      asleep.store(1);
      if (!ready()) syscall(SYS_futex, &asleep, FUTEX_WAIT, 1, nullptr, nullptr, 0);
      asleep.store(0, std::memory_order_relaxed);
    }
  }
};

struct Ring {
  alignas(64) std::atomic<uint64_t> head;
  alignas(64) std::atomic<uint64_t> tail;
  Message slots[kSlots];

  bool empty() const {
    return head.load(std::memory_order_relaxed) == tail.load(std::memory_order_acquire);
  }
  void Push(const Message& message) {  // never full: more slots than messages under way
    const uint64_t at = tail.load(std::memory_order_relaxed);
    slots[at % kSlots] = message;
    tail.store(at + 1, std::memory_order_release);
  }
  Message Pop() {
    const uint64_t at = head.load(std::memory_order_relaxed);
    const Message message = slots[at % kSlots];
    head.store(at + 1, std::memory_order_release);
    return message;
  }
};

}  // namespace bench

#endif  // PROGENY_BENCH_FLOOR_RING_LINUX_H_
