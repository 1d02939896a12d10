// One sleeper and its wakers, in different processes, over a word of shared memory.
//
// Whoever waits announces it, looks once more at what it waits for, and sleeps; whoever has
// something to say writes it, then wakes. Between the two nothing is lost: either the sleeper's last
// look sees what was written, or the waker sees the announcement. Waking somebody who is awake costs
// a fence and a load, so it may be done after every message.
//
//     uint32_t ticket = word.Announce();              // the sleeper
//     if (ring.empty()) word.Sleep(ticket, deadline);
//     word.Withdraw();
//
//     ring.push(x); word.Wake();                      // a waker
//
// A sleeper may tell what it waits for, so that it isn't woken by who has something else to say: a process that is woken
// for nothing runs, most likely, on another CPU afterwards than the one whose caches hold what it works on.
//
// A process may die anywhere in this: the other side is never held up by it. What a dead sleeper has
// announced is forgotten by Reset.
//
// Linux: a futex. macOS: the kernel's own wait on an address where it can span processes, else short
// naps. Windows: an event, whose handle has to reach the other process (handle()).
#ifndef PROGENY_PLATFORM_SHARED_WORD_H_
#define PROGENY_PLATFORM_SHARED_WORD_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/deadline.h"
#include "platform/handle.h"

namespace progeny::platform {

// Lies in shared memory, zeroed; alone on its cache line.
struct alignas(64) SharedWordStorage {
  std::atomic<uint32_t> ticket;
  std::atomic<uint32_t> asleep;  // and for what; 0: awake
  // Where the sleeper ran last, plus one; 0: not known. Only a hint.
  std::atomic<uint32_t> cpu;
};
static_assert(std::atomic<uint32_t>::is_always_lock_free);

// This process's view of one word. Move-only; Wake and PeerRunsElsewhere from any thread, the rest
// from one at a time. The storage must live longer.
class SharedWord {
 public:
  static constexpr uint32_t kAnything = ~uint32_t{0};

  SharedWord() = default;
  // By the process that made the memory.
  static absl::StatusOr<SharedWord> Create(SharedWordStorage* storage);
  // By another one; `handle` is what handle() gave there, as it arrived here, or empty where it
  // gave kNoHandle.
  static SharedWord Open(SharedWordStorage* storage, Handle handle) {
    return SharedWord(storage, std::move(handle));
  }

  // What the other process needs besides the memory; kNoHandle where the memory is enough.
  NativeHandle handle() const { return handle_.get(); }

  // --- the sleeper
  // `wants`: bits that stand for what it waits for; who has nothing of it to say doesn't wake it.
  uint32_t Announce(uint32_t wants = kAnything) {
    const uint32_t ticket = storage_->ticket.load(std::memory_order_relaxed);
    storage_->asleep.store(wants, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return ticket;
  }
  // Returns once somebody has called Wake after Announce, at the deadline, or for no reason.
  void Sleep(uint32_t ticket, Deadline deadline);
  void Withdraw() { storage_->asleep.store(0, std::memory_order_relaxed); }
  // Tells wakers where this thread runs, for PeerRunsElsewhere.
  void NoteCpu();

  // --- wakers
  // Both: `about` are bits of Announce's.
  void Wake(uint32_t about = kAnything) {
    if (Sleeps(about)) WakeSleeper();
  }
  // Somebody has announced a sleep, and what was written before may not have been seen.
  bool Sleeps(uint32_t about = kAnything) const {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return (storage_->asleep.load(std::memory_order_seq_cst) & about) != 0;
  }
  // True if the sleeper ran last on another CPU than this thread runs on now: only then is it worth while
  // to spin for what it is about to say. It may sleep: then it will wake up there, most likely.
  bool PeerRunsElsewhere() const;

  // Forgets a sleeper that has died. Nobody may sleep meanwhile.
  void Reset() {
    storage_->asleep.store(0);
    storage_->cpu.store(0);
  }

 private:
  SharedWord(SharedWordStorage* storage, Handle handle)
      : storage_(storage), handle_(std::move(handle)) {}
  void WakeSleeper();

  SharedWordStorage* storage_ = nullptr;
  Handle handle_;
};

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_SHARED_WORD_H_
