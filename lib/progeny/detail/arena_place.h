// What is told of a frozen arena to another process; its handle comes along (attachments.h).
#ifndef PROGENY_DETAIL_ARENA_PLACE_H_
#define PROGENY_DETAIL_ARENA_PLACE_H_

#include <cstdint>

namespace progeny::detail {

class Arena;

struct ArenaPlace {
  uint64_t address = 0;  // 0: no arena
  uint64_t reserved = 0;
  uint64_t frozen = 0;
  uint64_t used = 0;
  uint64_t id_high = 0;  // no two arenas have the same one
  uint64_t id_low = 0;
  uint32_t populate = 0;
  uint32_t handle = 0;   // index of the attachment
};

}  // namespace progeny::detail

#endif  // PROGENY_DETAIL_ARENA_PLACE_H_
