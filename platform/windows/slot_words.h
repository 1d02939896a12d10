// The first words of a child's slot (launch.h: kSlotReserved), shared by the parent and one child.
//
// interrupts: how often the parent has interrupted the child. The event that goes with it is also set
//   when the parent asks the child to stop, so the event alone doesn't say what it is about.
#ifndef PROGENY_PLATFORM_WINDOWS_SLOT_WORDS_H_
#define PROGENY_PLATFORM_WINDOWS_SLOT_WORDS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/launch.h"

namespace progeny::platform {

struct SlotWords {
  std::atomic<uint32_t> interrupts;
};
static_assert(sizeof(SlotWords) <= kSlotReserved);

inline SlotWords& SlotWordsOf(std::byte* slot_head) {
  return *reinterpret_cast<SlotWords*>(slot_head);
}

}  // namespace progeny::platform

#endif  // PROGENY_PLATFORM_WINDOWS_SLOT_WORDS_H_
