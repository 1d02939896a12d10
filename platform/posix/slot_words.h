// The first words of a child's slot (launch.h: kSlotReserved), shared by the parent and one child.
//
// adopted: the parent holds a handle that outlives the child's pid. Race: under SIGCHLD = SIG_IGN,
//   or with a waitpid(-1) loop in foreign code, a child that ends between fork() and pidfd_open()
//   is gone before its handle is taken, and its status with it. So a child looks at this word
//   just before it ends and waits if it must (practically never: 0 lost of 1500).
// detached: the child may outlive its parent. Race: Detach may come before the child has armed its
//   lifeline; so the child looks at this word *after* arming, and disarms again.
// parent: its process id, set before the child starts, for kernels that watch it by that: getppid()
//   names the debugger while one is attached.
// bound: the child's lifeline was armed before it executed its image, and needs no more arming.
// last_child: in a fork server's own slot. The id of the child that it has made last, written by the
//   kernel before that child runs: known also if the server is killed before it can tell.
// claim, own_id: of a fork server's child that isn't the client's own. Race: the server is killed
//   after it has made the child and before it could say so. Either the child claims the word and
//   begins, and own_id is its id; or the client gives it up, and the child ends, who knows when: until
//   then it may look at this page, which therefore is nobody else's ever after.
// forked: the child has forked by itself, and a process that the parent doesn't know has this page too.
#ifndef PROGENY_PLATFORM_POSIX_SLOT_WORDS_H_
#define PROGENY_PLATFORM_POSIX_SLOT_WORDS_H_

#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/launch.h"
#include "platform/posix/hand_over_header.h"

namespace progeny::platform {

struct SlotWords {
  HandOverHeader hand_over;  // of a re-executed child
  std::atomic<uint32_t> adopted;
  std::atomic<uint32_t> detached;
  std::atomic<uint32_t> parent;
  std::atomic<uint32_t> bound;
  std::atomic<uint32_t> last_child;
  std::atomic<uint32_t> claim;
  std::atomic<uint32_t> own_id;
  std::atomic<uint32_t> forked;
  std::byte payload[kInlinePayload];
};

enum class Claim : uint32_t { kNobody, kBegun, kGivenUp };

// True for the first who asks, the child to begin or its client to give it up.
inline bool ClaimFirst(SlotWords& words, Claim claim) {
  auto nobody = static_cast<uint32_t>(Claim::kNobody);
  return words.claim.compare_exchange_strong(nobody, static_cast<uint32_t>(claim));
}
static_assert(sizeof(SlotWords) <= kSlotReserved);
static_assert(std::atomic<uint32_t>::is_always_lock_free);

inline SlotWords& SlotWordsOf(std::byte* slot_head) {
  return *reinterpret_cast<SlotWords*>(slot_head);
}

// Gives up after about a second: a parent that is stopped must not keep its children from ending.
inline void AwaitAdoption(const SlotWords& words) {
  for (int i = 0; i < 5000 && words.adopted.load(std::memory_order_acquire) == 0; ++i) {
    const timespec nap{0, 200'000};
    nanosleep(&nap, nullptr);
  }
}

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_SLOT_WORDS_H_
