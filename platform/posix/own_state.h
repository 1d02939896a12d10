// What a child knows about itself. Together, because a forked child has to copy each page it writes to.
#ifndef PROGENY_PLATFORM_POSIX_OWN_STATE_H_
#define PROGENY_PLATFORM_POSIX_OWN_STATE_H_

#include <sys/types.h>

#include <atomic>

#include "platform/posix/slot_words.h"

namespace progeny::platform {

// Set by BindSelf, before any thread of ours reads it.
struct OwnState {
  std::atomic<int> lifeline{-1};  // the reader that binds this process to its parent
  SlotWords* slot = nullptr;
  pid_t id = 0;  // 0: nobody's child
  bool status_can_be_lost = false;  // of a fork server's child: it waits until it has been adopted
};

inline OwnState own;

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_POSIX_OWN_STATE_H_
